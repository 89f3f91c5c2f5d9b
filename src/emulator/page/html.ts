import { type Html, html, type Part } from "../../pages/html.js";

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
export function entityHref(blueprint: string, identifier: string): string {
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
