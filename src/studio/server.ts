import { randomBytes, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";
import { Readable } from "node:stream";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { PortloadError } from "../errors.js";
import type { studioOptions } from "../options/authoring.js";
import type { Resolved } from "../options/option.js";
import { findStart, type Offers, type Picked } from "../recipes/studio/begin.js";
import { openStudio, type StudioSession } from "../recipes/studio/session.js";
import { packageFile } from "../version.js";
import { type StudioActions, studioActions } from "./actions.js";
import { choiceDocument, studioCss, studioDocument } from "./document.js";

/** A studio that is open. */
interface StudioServer {
  /** The address that opens the page, once: it holds a token that the first request uses up. */
  readonly url: string;
  close(): Promise<void>;
}

/** What a studio begins with where no source is named: files to choose among. */
interface Choice {
  readonly offers: Offers;
  /** Opens what was chosen. */
  readonly open: (picked: Picked) => Promise<StudioActions>;
}

/** Opens the studio on the sources that are named, else on what is found here, and serves its page. */
export async function startStudio(
  { sources, mapping, blueprints, port, stateDir, apiUrl }: Resolved<typeof studioOptions>,
  env: Readonly<Record<string, string | undefined>>,
): Promise<StudioServer & { readonly start: Picked | { readonly offers: Offers } }> {
  const shared = {
    ...(apiUrl !== undefined && { apiUrl }),
    ...(blueprints !== undefined && { blueprints }),
  };
  const opened: StudioSession[] = [];
  const open = async (picked: Picked): Promise<StudioActions> => {
    const session = await openStudio({ ...shared, ...picked }, env);
    opened.push(session);
    return studioActions(session, {
      ...{ ...shared, env, sources: picked.sources },
      ...(stateDir !== undefined && { stateDir }),
    });
  };
  const closeSessions = async (): Promise<void> => {
    for (const session of opened) await session.close();
  };
  const named = { sources, ...(mapping !== undefined && { mapping }) };
  const start = sources.length > 0 ? named : await findStart(mapping);
  try {
    const { url, close } = await serveStudio("offers" in start ? { ...start, open } : await open(start), port);
    return { url, start, close: () => close().finally(closeSessions) };
  } catch (error) {
    await closeSessions();
    throw error;
  }
}

/** Largest body of a request, in bytes: a mapping, and blueprints to be saved. */
const bodyLimit = 8 * 1024 * 1024;

/** The page's policy: what the server itself gives, and style sheets that carry the nonce of this answer. */
const policyOf = (nonce: string): string =>
  `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; connect-src 'self'; frame-src 'self'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`;

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
 * @param start - the actions, or what is to be chosen first
 * @param port - 0 for any that is free
 * @throws {EnvironmentError} when the port cannot be had
 */
async function serveStudio(start: StudioActions | Choice, port = 0): Promise<StudioServer> {
  const token = randomBytes(24).toString("base64url");
  const session = randomBytes(24).toString("base64url");
  let isUsed = false;
  const state: ServerState = "open" in start ? { actions: undefined } : { actions: start };
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
    if (!isSame(cookieOf(request, own), session))
      return refuse(reply, 403, "open the studio by the address that portload studio printed");
  });
  server.get("/", async (request, reply) => {
    const given = (request.query as { readonly token?: unknown }).token;
    if (given !== undefined) {
      const { port: own } = server.server.address() as { port: number };
      // Who came with the token may open the address again, such as by the history of the browser.
      if (isSame(cookieOf(request, own), session)) return reply.redirect("/", 303);
      if (isUsed || typeof given !== "string" || !isSame(given, token))
        return refuse(reply, 403, "this address was used before: start portload studio again for a new one");
      isUsed = true;
      return reply
        .header("set-cookie", `${cookieName(own)}=${session}; HttpOnly; SameSite=Strict; Path=/`)
        .redirect("/", 303);
    }
    if (state.actions === undefined && "open" in start) return sendChoice(reply, start.offers);
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
  if ("open" in start) serveChoice(server, start, state);
  serveActions(server, state);
  await listen(server, port);
  const { port: own } = server.server.address() as { port: number };
  return { url: `http://127.0.0.1:${own}/?token=${token}`, close: () => server.close() };
}

/** What there is to be asked for, once it is opened. */
interface ServerState {
  actions: StudioActions | undefined;
}

function sendChoice(reply: FastifyReply, offers: Offers, fault?: ServerFault): FastifyReply {
  return reply
    .headers({
      "content-security-policy": policyOf("none"),
      // A form is sent with its origin only where the page's policy allows it.
      "referrer-policy": "same-origin",
    })
    .type("text/html; charset=utf-8")
    .send(choiceDocument(offers, fault));
}

/** Opens what is chosen by the form: only what was offered can be. */
function serveChoice(server: FastifyInstance, { offers, open }: Choice, state: ServerState): void {
  server.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_, body, done) =>
    done(null, new URLSearchParams(String(body))),
  );
  let opening: Promise<StudioActions> | undefined;
  server.post("/choose", async (request, reply) => {
    if (state.actions !== undefined) return reply.redirect("/", 303);
    const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
    const sources = offers.sources.filter((path) => form.getAll("source").includes(path));
    const mapping = offers.mappings.find((path) => path === form.get("mapping"));
    if (sources.length === 0) return sendChoice(reply, offers, { message: "Choose at least one source." });
    try {
      opening ??= open({ sources, ...(mapping !== undefined && { mapping }) });
      state.actions = await opening;
      return reply.redirect("/", 303);
    } catch (error) {
      opening = undefined;
      return sendChoice(reply, offers, faultOf(error));
    }
  });
}

function serveActions(server: FastifyInstance, state: ServerState): void {
  server.get("/report", async (_, reply) => {
    const page = state.actions?.reportPage();
    // The report brings its own policy, which allows its own style and script.
    if (page === undefined) return refuse(reply, 404, "there is no report yet");
    return reply.type("text/html; charset=utf-8").send(page);
  });
  server.post("/api/:name", async (request, reply) => {
    const { name } = request.params as { readonly name: string };
    const { actions } = state;
    if (actions !== undefined && Object.hasOwn(actions.calls, name)) {
      const act = actions.calls[name as keyof StudioActions["calls"]] as (body: unknown) => Promise<unknown>;
      try {
        return reply.send({ ok: await act(request.body) });
      } catch (error) {
        return reply.send({ fault: faultOf(error, actions.tidy) });
      }
    }
    if (actions === undefined || !Object.hasOwn(actions.streams, name))
      return refuse(reply, 404, "there is no such call");
    const stream = actions.streams[name as keyof StudioActions["streams"]] as (
      body: unknown,
      signal: AbortSignal,
    ) => AsyncIterable<unknown>;
    const gone = new AbortController();
    reply.raw.once("close", () => gone.abort());
    return reply
      .type("application/x-ndjson")
      .send(Readable.from(lines(stream(request.body, gone.signal), actions.tidy)));
  });
}

/** Why something was not done. */
interface ServerFault {
  readonly message: string;
  readonly hint?: string;
}

async function* lines(events: AsyncIterable<unknown>, tidy: StudioActions["tidy"]): AsyncGenerator<string> {
  try {
    for await (const event of events) yield `${JSON.stringify(event)}\n`;
  } catch (error) {
    yield `${JSON.stringify({ fault: faultOf(error, tidy) })}\n`;
  }
}

/** What the page shows of a failure: only our own errors are shown with their messages. */
function faultOf(error: unknown, tidy: StudioActions["tidy"] = (text) => text): ServerFault {
  if (error instanceof PortloadError)
    return { message: tidy(error.message), ...(error.hint !== undefined && { hint: tidy(error.hint) }) };
  return { message: tidy(`internal error: ${(error as Error).message}`), hint: "Please report it." };
}

async function listen(server: FastifyInstance, port: number): Promise<void> {
  await server.listen({ host: "127.0.0.1", port });
}

function refuse(reply: FastifyReply, status: number, message: string): FastifyReply {
  return reply.code(status).type("text/plain; charset=utf-8").send(`${message}\n`);
}

/** Cookies go to every port of a host: each studio's has a name of its own. */
function cookieName(port: number): string {
  return `portload_studio_${port}`;
}

function cookieOf({ headers: { cookie = "" } }: FastifyRequest, port: number): string {
  return (
    cookie
      .split(/; */)
      .map((pair) => pair.split("="))
      .find(([name]) => name === cookieName(port))?.[1] ?? ""
  );
}

function isSame(given: string, right: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
