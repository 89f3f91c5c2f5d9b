import { type Html, html, type Part } from "./html.js";

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
