import { randomBytes, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";
import { Readable } from "node:stream";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { PortloadError } from "../errors.js";
import { baseCss, graphCss } from "../pages/html.js";
import { packageFile } from "../version.js";
import type { StudioActions } from "./actions.js";

/** A studio that is open. */
interface StudioServer {
  /** The address that opens the page, once: it holds a token that the first request uses up. */
  readonly url: string;
  close(): Promise<void>;
}

const cookieName = "portload_studio";
/** Largest body of a request, in bytes: a mapping, and blueprints to be saved. */
const bodyLimit = 8 * 1024 * 1024;

/** The page's policy: what the server itself gives, and style sheets that carry the nonce of this answer. */
const policyOf = (nonce: string): string =>
  `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; connect-src 'self'; frame-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

const headers = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-store",
} as const;

/**
 * Serves the studio's page on loopback. A request is answered only under the server's own name, from the page's own origin, and to the browser that
 * came with the token; credentials of the API never leave this process.
 *
 * @param port - 0 for any that is free
 * @throws {EnvironmentError} when the port cannot be had
 */
export async function serveStudio(actions: StudioActions, port = 0): Promise<StudioServer> {
  const token = randomBytes(24).toString("base64url");
  const session = randomBytes(24).toString("base64url");
  let isUsed = false;
  const server = Fastify({ bodyLimit, logger: false });
  server.addHook("onRequest", async (request, reply) => {
    reply.headers(headers);
    const { port: own } = server.server.address() as { port: number };
    const names = [`127.0.0.1:${own}`, `localhost:${own}`];
    if (!names.includes(request.headers.host ?? "")) return refuse(reply, 421, "this address has another name");
    const { origin } = request.headers;
    if (origin !== undefined && !names.some((name) => origin === `http://${name}`))
      return refuse(reply, 403, "another page may not ask here");
    if (request.url.startsWith("/?token=")) return;
    if (!isSame(cookieOf(request), session))
      return refuse(reply, 403, "open the studio by the address that portload studio printed");
  });
  server.get("/", async (request, reply) => {
    const given = (request.query as { readonly token?: unknown }).token;
    if (given !== undefined) {
      if (isUsed || typeof given !== "string" || !isSame(given, token))
        return refuse(reply, 403, "this address was used before: start portload studio again for a new one");
      isUsed = true;
      return reply
        .header("set-cookie", `${cookieName}=${session}; HttpOnly; SameSite=Strict; Path=/`)
        .redirect("/", 303);
    }
    const nonce = randomBytes(16).toString("base64url");
    return reply
      .header("content-security-policy", policyOf(nonce))
      .type("text/html; charset=utf-8")
      .send(studioDocument(nonce));
  });
  server.get("/page.css", async (_, reply) => reply.type("text/css; charset=utf-8").send(studioCss));
  server.get("/page.js", async (_, reply) =>
    reply.type("text/javascript; charset=utf-8").send(await readFile(packageFile("dist/studio/page/page.js"))),
  );
  serveActions(server, actions);
  await listen(server, port);
  const { port: own } = server.server.address() as { port: number };
  return { url: `http://127.0.0.1:${own}/?token=${token}`, close: () => server.close() };
}

function serveActions(server: FastifyInstance, actions: StudioActions): void {
  server.get("/report", async (_, reply) => {
    const page = actions.reportPage();
    // The report brings its own policy, which allows its own style and script.
    if (page === undefined) return refuse(reply, 404, "there is no report yet");
    return reply.type("text/html; charset=utf-8").send(page);
  });
  for (const [name, act] of Object.entries(actions.calls))
    server.post(`/api/${name}`, async (request, reply) => {
      try {
        return reply.send({ ok: await act(request.body as never) });
      } catch (error) {
        return reply.send({ fault: faultOf(error) });
      }
    });
  for (const [name, act] of Object.entries(actions.streams))
    server.post(`/api/${name}`, async (request, reply) => {
      const gone = new AbortController();
      reply.raw.once("close", () => gone.abort());
      return reply.type("application/x-ndjson").send(Readable.from(lines(act(request.body as never, gone.signal))));
    });
}

async function* lines(events: AsyncIterable<unknown>): AsyncGenerator<string> {
  try {
    for await (const event of events) yield `${JSON.stringify(event)}\n`;
  } catch (error) {
    yield `${JSON.stringify({ fault: faultOf(error) })}\n`;
  }
}

/** What the page shows of a failure: only our own errors are told with their words. */
function faultOf(error: unknown): { readonly message: string; readonly hint?: string } {
  if (error instanceof PortloadError)
    return { message: error.message, ...(error.hint !== undefined && { hint: error.hint }) };
  return { message: `internal error: ${(error as Error).message}`, hint: "Please report it." };
}

async function listen(server: FastifyInstance, port: number): Promise<void> {
  await server.listen({ host: "127.0.0.1", port });
}

function refuse(reply: FastifyReply, status: number, message: string): FastifyReply {
  return reply.code(status).type("text/plain; charset=utf-8").send(`${message}\n`);
}

function cookieOf({ headers: { cookie = "" } }: FastifyRequest): string {
  return (
    cookie
      .split(/; */)
      .map((pair) => pair.split("="))
      .find(([name]) => name === cookieName)?.[1] ?? ""
  );
}

function isSame(given: string, right: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** The studio's page; its parts are filled by its script. @param nonce - what the policy of this answer lets the editor's style sheets in by */
const studioDocument = (nonce: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>portload studio</title>
<meta name="style-nonce" content="${nonce}">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/page.css">
</head>
<body>
<a class="skip" href="#entities">Skip to the entities</a>
<header><div class="bar"><h1>portload studio</h1><label class="source">Source <select id="source"></select></label><span id="receipt" class="quiet"></span>
<span class="grow"></span><span id="saved" class="quiet" role="status"></span><button id="save" type="button">Save</button></div></header>
<main>
<section id="records" aria-labelledby="records-title" tabindex="0"><h2 id="records-title">Source</h2><div id="columns"></div><div id="rows"></div></section>
<section id="mapping" aria-labelledby="mapping-title"><h2 id="mapping-title">Mapping</h2><div id="editor"></div></section>
<section id="entities" aria-labelledby="entities-title" tabindex="-1"><h2 id="entities-title">Entities</h2><div id="made"></div></section>
<section id="below" aria-label="Problems, blueprints and import"><div id="tabs" role="tablist" aria-label="Below"></div><div id="panel" role="tabpanel" tabindex="0"></div></section>
</main>
<dialog id="dialog"></dialog>
<script src="/page.js" type="module"></script>
</body>
</html>
`;

/** The stylesheet of the studio's page. */
const studioCss = `${baseCss}${graphCss}
html, body { height: 100%; }
body { display: flex; flex-direction: column; }
header { background: var(--panel); border-bottom: 1px solid var(--line); }
.bar { display: flex; align-items: center; gap: 6px 14px; padding: 6px 14px; }
#receipt { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; min-width: 0; flex: 1; font-size: 13px; }
#saved { white-space: nowrap; font-size: 13px; }
.source { white-space: nowrap; } .source select { max-width: 16rem; }
.bar h1 { font-size: 1rem; margin: 0; }
.grow { flex: 1; }
main { flex: 1; min-height: 0; display: grid; grid-template: minmax(0, 1fr) minmax(140px, 30%) / minmax(0, 1fr) minmax(0, 1.25fr) minmax(0, 1.1fr); grid-template-areas: "records mapping entities" "below below below"; gap: 1px; background: var(--line); }
main > section { background: var(--panel); overflow: auto; padding: 8px 12px; min-width: 0; }
main > section > h2 { margin: 0 0 6px; font-size: .95rem; }
#records { grid-area: records; } #mapping { grid-area: mapping; display: flex; flex-direction: column; } #entities { grid-area: entities; } #below { grid-area: below; }
#editor { flex: 1; min-height: 200px; border: 1px solid var(--line); border-radius: 4px; overflow: hidden; }
.steps { display: flex; flex-wrap: wrap; align-items: center; gap: 5px; margin-bottom: 6px; font-size: 13px; }
.steps input { flex: 0 0 4.6rem; padding: 3px 6px; }
select { padding: 3px 8px; }
button { padding: 3px 10px; }
button[disabled] { opacity: .55; cursor: default; }
button.link { background: none; border: 0; padding: 0; color: var(--link); text-decoration: underline; text-align: left; overflow-wrap: anywhere; }
button.main { background: var(--link); color: var(--panel); border-color: var(--link); }
table.values td, table.values th { padding: 3px 8px; vertical-align: top; overflow-wrap: anywhere; max-width: none; }
table.values { font-size: 13px; table-layout: fixed; }
table.values th { font-weight: 600; width: 42%; }
table.values .facts { display: block; font-size: .8rem; color: var(--quiet); font-weight: 400; }
tr.linked > * { background: var(--mark); }
tr.failed > * { background: var(--wash-bad); }
tr[data-path] { cursor: pointer; }
.entity { border: 1px solid var(--line); border-radius: 6px; margin-bottom: 10px; overflow: hidden; }
.entity > h3 { padding: 6px 10px; background: var(--ground); font-size: .92rem; overflow-wrap: anywhere; }
.entity > ul { margin: 6px 0; padding-left: 26px; color: var(--bad); }
.badge { display: inline-block; border-radius: 9px; padding: 0 8px; font-size: .8rem; background: var(--mark); }
.badge.bad { background: var(--wash-bad); } .badge.good { background: var(--wash-good); color: var(--good); }
[role=tablist] { display: flex; flex-wrap: wrap; gap: 4px; border-bottom: 1px solid var(--line); margin-bottom: 8px; position: sticky; top: -8px; background: var(--panel); z-index: 2; padding-top: 2px; }
[role=tab] { border-bottom: 0; border-radius: 4px 4px 0 0; background: none; }
[role=tab][aria-selected=true] { background: var(--mark); font-weight: 600; }
.problems { list-style: none; margin: 0; padding: 0; display: grid; gap: 6px; }
.problems > li { display: grid; grid-template-columns: 4.5rem 1fr; gap: 2px 10px; padding: 6px 8px; border: 1px solid var(--line); border-radius: 6px; }
.problems .amount { text-align: right; font-variant-numeric: tabular-nums; font-weight: 600; }
.problems .acts { display: flex; flex-wrap: wrap; gap: 6px 12px; }
progress { width: 220px; vertical-align: middle; }
iframe.report { width: 100%; height: 900px; border: 1px solid var(--line); border-radius: 6px; background: var(--ground); margin-top: 8px; }
dialog { color: var(--text); background: var(--panel); border: 1px solid var(--line); border-radius: 8px; max-width: 560px; }
dialog::backdrop { background: rgb(0 0 0 / .45); }
.cm-editor { height: 100%; color: var(--text); font-size: 13px; }
.cm-scroller { font-family: ui-monospace, "DejaVu Sans Mono", monospace !important; line-height: 1.5 !important; }
.cm-gutters { background: var(--ground) !important; color: var(--quiet) !important; border-right: 1px solid var(--line) !important; }
.cm-activeLine, .cm-activeLineGutter { background: transparent !important; }
.cm-line.linked { background: var(--mark); }
.cm-cursor { border-left-color: var(--text) !important; }
.cm-selectionBackground { background: var(--mark) !important; }
.cm-tooltip { background: var(--panel) !important; color: var(--text); border: 1px solid var(--line) !important; }
.cm-tooltip-autocomplete ul li[aria-selected] { background: var(--link) !important; color: var(--panel) !important; }
.cm-diagnostic { padding: 4px 8px; }
.tok-key { color: var(--link); } .tok-string { color: var(--good); } .tok-number, .tok-atom { color: var(--warn); } .tok-comment { color: var(--quiet); }
@media (max-width: 900px) {
  html, body { height: auto; }
  .bar { flex-wrap: wrap; } #receipt { flex-basis: 100%; }
  main { display: block; }
  main > section { border-bottom: 6px solid var(--line); }
  #editor { height: 420px; }
  #records, #entities { max-height: 70vh; }
}
`;
