import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type Html, html, type Part } from "../../pages/html.js";
import { isObject } from "../model.js";

const places = [
  ["/", "Overview"],
  ["/catalog", "Entities"],
  ["/activity", "Activity"],
  ["/limits", "Limits"],
] as const;

/** The whole page around its content. @param here - address of the place in the menu that is shown */
export function pageHtml(title: string, here: string, content: Html): string {
  const menu = places.map(
    ([href, name]) => html`<a href="${href}"${href === here ? html` aria-current="page"` : ""}>${name}</a>`,
  );
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · portload emulator</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/page.css">
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header>
<div class="frame"><strong>portload emulator</strong><nav aria-label="Places">${menu}</nav></div>
</header>
<main id="content" class="frame">
${content}
</main>
</body>
</html>
`.text;
}

/** Address of a blueprint's entities; of all entities without one. */
export function tableHref(
  blueprint?: string,
  { q = "", page = 1, sort = "" }: { q?: string; page?: number; sort?: string } = {},
): string {
  const path = blueprint === undefined ? "/catalog" : `/catalog/${encodeURIComponent(blueprint)}`;
  const query = new URLSearchParams({
    ...(q !== "" && { q }),
    ...(page > 1 && { page: String(page) }),
    ...(sort !== "" && { sort }),
  });
  return query.size === 0 ? path : `${path}?${query}`;
}

/** Address of an entity. */
function entityHref(blueprint: string, identifier: string): string {
  return `/catalog/${encodeURIComponent(blueprint)}/${encodeURIComponent(identifier)}`;
}

/** A link to an entity, by its identifier. */
export function entityLink(blueprint: string, identifier: string): Html {
  return html`<a href="${entityHref(blueprint, identifier)}">${identifier}</a>`;
}

/** A time as people read it, in UTC. */
export function timeHtml(at: number): Html {
  const iso = new Date(at).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 19).replace("T", " ")}</time>`;
}

/** A number with its thousands apart. */
export function figure(value: number): string {
  return value.toLocaleString("en-US");
}

/** A property's value as HTML: links for http(s) addresses, lists as lists, objects as JSON. */
export function valueHtml(value: unknown): Part {
  if (value === null || value === undefined) return html`<span class="quiet">–</span>`;
  if (Array.isArray(value)) return value.every(isPlain) ? listHtml(value) : jsonHtml(value);
  if (typeof value === "object") return jsonHtml(value);
  return plainHtml(value);
}

/** A value in one cell of a table, short. */
export function shortValue(value: unknown): Part {
  if (value === null || value === undefined) return "";
  const text = typeof value === "object" ? shortJson(value) : String(value);
  return text.length > maxShortChars ? `${text.slice(0, maxShortChars - 1)}…` : text;
}

const maxShortChars = 60;

function shortJson(value: object): string {
  return Array.isArray(value) && value.every(isPlain) ? value.join(", ") : JSON.stringify(value);
}

function listHtml(values: readonly unknown[]): Html {
  return html`<ul class="plain">${values.map((value) => html`<li>${plainHtml(value)}</li>`)}</ul>`;
}

function plainHtml(value: unknown): Part {
  const text = String(value);
  // Nothing but http(s) becomes a link: a value may hold javascript: or data:.
  return /^https?:\/\//i.test(text) ? html`<a href="${text}" rel="noreferrer">${text}</a>` : text;
}

function jsonHtml(value: object): Html {
  return html`<pre>${JSON.stringify(value, null, 2)}</pre>`;
}

function isPlain(value: unknown): boolean {
  return typeof value !== "object" || value === null;
}

/** A request that was refused, or one item of it. */
export interface RecentRefusal {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly method: string;
  /** Without its query. */
  readonly path: string;
  readonly status: number;
  readonly error: string;
  readonly message: string;
  /** Of an item in a bulk request: its identifier. */
  readonly item?: string;
}

/** Refusals that are kept. */
const kept = 200;

/** Keeps the last refusals of the API, newest first. Must be called before the routes are made. */
export function watchRefusals(server: FastifyInstance, clock: () => number): () => readonly RecentRefusal[] {
  const ring: RecentRefusal[] = [];
  let next = 0;
  const keep = (refusal: RecentRefusal): void => {
    ring[next % kept] = refusal;
    next += 1;
  };
  server.addHook("onSend", (request, reply, payload, done) => {
    const { statusCode } = reply;
    if ((statusCode >= 400 || statusCode === 207) && request.url.startsWith("/v1/") && typeof payload === "string") {
      for (const refusal of refusalsIn(request, reply, payload, clock())) keep(refusal);
    }
    done();
  });
  return () => {
    const start = next % kept;
    return ring.length < kept ? [...ring].reverse() : [...ring.slice(start), ...ring.slice(0, start)].reverse();
  };
}

function refusalsIn(
  { method, url }: FastifyRequest,
  { statusCode }: FastifyReply,
  payload: string,
  at: number,
): readonly RecentRefusal[] {
  const body = parsed(payload);
  const path = url.replace(/\?.*$/s, "");
  const common = { at, method, path };
  if (statusCode !== 207) return [{ ...common, status: statusCode, ...wordsOf(body) }];
  const errors = isObject(body) && Array.isArray(body.errors) ? body.errors : [];
  return errors.map((error: unknown) => {
    const { identifier = "", statusCode: status = 0 } = isObject(error) ? error : {};
    return { ...common, status: Number(status), ...wordsOf(error), item: String(identifier) };
  });
}

function wordsOf(body: unknown): { readonly error: string; readonly message: string } {
  const { error = "", message = "" } = isObject(body) ? body : {};
  return { error: String(error), message: String(message) };
}

/** A scripted fault may have spoilt the body. */
function parsed(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    return undefined;
  }
}
