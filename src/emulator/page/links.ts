import { type Html, html } from "./html.js";

/** Address of a blueprint's entities; of all entities without one. */
export function tableHref(blueprint?: string, { q = "", page = 1 }: { q?: string; page?: number } = {}): string {
  const path = blueprint === undefined ? "/catalog" : `/catalog/${encodeURIComponent(blueprint)}`;
  const query = new URLSearchParams({ ...(q !== "" && { q }), ...(page > 1 && { page: String(page) }) });
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
