import { type Html, html, type Part } from "../../pages/html.js";
import { heldBy, targetsOf } from "../catalog.js";
import type { Catalog, Shelf, StoredEntity } from "../model.js";
import { entityLink, figure, shortValue, tableHref, timeHtml } from "./html.js";

/** What the table is asked for. */
export interface TableQuery {
  readonly q: string;
  /** From 1. */
  readonly page: number;
  /** Column to order by, with a minus before it for backwards; empty for the order of creation. */
  readonly sort: string;
}

/** Columns of properties and relations in the table of one blueprint; the rest is on the entity's page. */
const maxProperties = 4;
const maxRelations = 3;
const maxTargets = 3;

/** The table of entities: of one blueprint with its properties and relations, or of all. */
export function tableHtml(catalog: Catalog, shelf: Shelf | undefined, { q, page: wanted, sort }: TableQuery): Html {
  const shelves = shelf === undefined ? [...catalog.shelves.values()] : [shelf];
  const { total, page, pages, rows } = selectEntities(shelves, q, wanted, sort);
  const blueprint = shelf?.blueprint.identifier;
  const first = (page - 1) * pageSize + 1;
  const shown = total === 0 ? "none" : `${figure(first)} to ${figure(first + rows.length - 1)} of ${figure(total)}`;
  const columns = shelf === undefined ? undefined : columnsOf(shelf);
  const heads =
    columns === undefined ? [["$blueprint", "Blueprint"] as const] : [...columns.properties, ...columns.relations];
  const all = [["$identifier", "Identifier"], ["$title", "Title"], ...heads, ["$updatedAt", "Updated (UTC)"]] as const;
  const link = (to: number, text: string, rel: string): Part =>
    to >= 1 && to <= pages && html`<a rel="${rel}" href="${tableHref(blueprint, { q, page: to, sort })}">${text}</a>`;
  return html`<h1>${shelf === undefined ? "Entities" : (shelf.blueprint.title ?? blueprint)}</h1>
${shelf?.blueprint.description && html`<p>${shelf.blueprint.description}</p>`}
${searchForm(blueprint, q)}
<p class="quiet" role="status">Showing ${shown}${q !== "" && html` that hold “${q}” · <a href="${tableHref(blueprint)}">show all</a>`}</p>
${
  rows.length > 0 &&
  html`<div class="panel" tabindex="0" role="region" aria-label="Table of entities"><table class="cards">
<thead><tr>${all.map(([key, name]) => headHtml(key, name, sort, (to) => tableHref(blueprint, { q, sort: to })))}</tr></thead>
<tbody>${rows.map((row) => rowHtml(row.shelf, row.entity, columns))}</tbody>
</table></div>`
}
${
  pages > 1 &&
  html`<nav class="pages" aria-label="Pages">${link(page - 1, "Previous", "prev")}<span>Page ${figure(page)} of ${figure(pages)}</span>${link(page + 1, "Next", "next")}</nav>`
}`;
}

/** The head of a column: a link that orders by it, and by it backwards where it is ordered by already. */
export function headHtml(key: string, name: string, sort: string, href: (sort: string) => string, tone = ""): Html {
  const order = sort === key ? "ascending" : sort === `-${key}` ? "descending" : undefined;
  const sign = order === undefined ? "" : order === "ascending" ? " ▲" : " ▼";
  const aria = order === undefined ? "" : html` aria-sort="${order}"`;
  return html`<th scope="col" class="${tone}"${aria}><a class="sort" href="${href(order === "ascending" ? `-${key}` : key)}">${name}${sign}</a></th>`;
}

/** The form that searches the table. */
export function searchForm(blueprint: string | undefined, q: string): Html {
  return html`<form role="search" action="${tableHref(blueprint)}"><input type="search" name="q" value="${q}" aria-label="Search entities" placeholder="Text of an identifier, title or value"><button>Search</button></form>`;
}

type TableColumns = Readonly<Record<"properties" | "relations", readonly (readonly [key: string, name: string])[]>>;

function columnsOf({ blueprint, rules }: Shelf): TableColumns {
  const short = Object.entries(blueprint.schema.properties).filter(
    ([, { type, format }]) => type !== "object" && format !== "markdown" && format !== "yaml",
  );
  return {
    properties: short.slice(0, maxProperties).map(([key, { title }]) => [key, title ?? key]),
    relations: [...rules.relations.keys()]
      .slice(0, maxRelations)
      .map((key) => [key, blueprint.relations?.[key]?.title ?? key]),
  };
}

function rowHtml(shelf: Shelf, entity: StoredEntity, columns: TableColumns | undefined): Html {
  const { identifier } = shelf.blueprint;
  const cells =
    columns === undefined
      ? html`<td data-label="Blueprint"><a href="${tableHref(identifier)}">${identifier}</a></td>`
      : [
          columns.properties.map(([key, name]) => cell(name, shortValue(own(entity.properties, key)))),
          columns.relations.map(([key, name]) => cell(name, targetsHtml(shelf, entity, key))),
        ];
  return html`<tr><th scope="row">${entityLink(identifier, entity.identifier)}</th>${cell("Title", entity.title ?? "")}${cells}${cell("Updated", timeHtml(entity.updatedAt))}</tr>
`;
}

/** An empty cell stays without a label, so that a narrow page leaves it out. */
function cell(name: string, value: Part): Html {
  // A few words stay on one line, so that a long neighbour wraps.
  const tone = typeof value === "string" && value.length <= 14 ? "short" : "";
  return value === "" ? html`<td></td>` : html`<td class="${tone}" data-label="${name}">${value}</td>`;
}

function targetsHtml(shelf: Shelf, entity: StoredEntity, relation: string): Part {
  const targets = targetsOf(heldBy(entity, relation));
  const blueprint = shelf.rules.relations.get(relation)?.target ?? "";
  if (targets.length === 0) return "";
  const links = targets.slice(0, maxTargets).map((target, at) => [at > 0 && ", ", entityLink(blueprint, target)]);
  return targets.length > maxTargets ? [links, ` and ${targets.length - maxTargets} more`] : links;
}

function own(values: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(values, key) ? values[key] : undefined;
}

/** Entities on a page of the table. */
export const pageSize = 50;

/** A page of the table. */
export interface Selection {
  /** Entities that fit, on all pages. */
  readonly total: number;
  /** The page shown, from 1; the last one when asked for more. */
  readonly page: number;
  readonly pages: number;
  readonly rows: readonly { readonly shelf: Shelf; readonly entity: StoredEntity }[];
}

/** Selects a page of the entities that hold a text, in any case, in identifier, title, team, properties or relations; all for an empty text. */
export function selectEntities(shelves: readonly Shelf[], q: string, wanted: number, sort = ""): Selection {
  const needle = q.trim().toLowerCase();
  const fits = (entity: StoredEntity): boolean => !entity.deleted && (needle === "" || holdsText(entity, needle));
  let total = 0;
  for (const { order } of shelves) for (const entity of order) if (fits(entity)) total += 1;
  const pages = Math.max(1, Math.ceil(total / pageSize));
  const page = Math.min(Math.max(1, wanted), pages);
  if (sort !== "") {
    const key = sort.replace(/^-/, "");
    const all = shelves.flatMap((shelf) => shelf.order.filter(fits).map((entity) => ({ shelf, entity })));
    const value = (row: (typeof all)[number]): unknown => sortValue(row.shelf, row.entity, key);
    const sign = sort.startsWith("-") ? -1 : 1;
    all.sort((a, b) => sign * compareValues(value(a), value(b)));
    return { total, page, pages, rows: all.slice((page - 1) * pageSize, page * pageSize) };
  }
  const rows: { shelf: Shelf; entity: StoredEntity }[] = [];
  let toPass = (page - 1) * pageSize;
  for (const shelf of shelves) {
    for (const entity of shelf.order) {
      if (rows.length === pageSize) break;
      if (!fits(entity)) continue;
      if (toPass > 0) toPass -= 1;
      else rows.push({ shelf, entity });
    }
  }
  return { total, page, pages, rows };
}

function sortValue(shelf: Shelf, entity: StoredEntity, key: string): unknown {
  if (key === "$blueprint") return shelf.blueprint.identifier;
  if (key === "$identifier") return entity.identifier;
  if (key === "$title") return entity.title ?? entity.identifier;
  if (key === "$updatedAt") return entity.updatedAt;
  return own(entity.properties, key) ?? targetsOf(heldBy(entity, key)).join(", ");
}

/** Numbers by size, all else as text; what is empty comes last. */
function compareValues(a: unknown, b: unknown): number {
  const [isEmptyA, isEmptyB] = [a === "" || a === null || a === undefined, b === "" || b === null || b === undefined];
  if (isEmptyA || isEmptyB) return Number(isEmptyA) - Number(isEmptyB);
  if (typeof a === "number" && typeof b === "number") return a - b;
  return collator.compare(String(a), String(b));
}

const collator = new Intl.Collator("en", { numeric: true });

function holdsText({ identifier, title, team, properties, relations }: StoredEntity, needle: string): boolean {
  return [identifier, title, team, properties, relations].some((value) => holds(value, needle));
}

function holds(value: unknown, needle: string): boolean {
  if (value === null || value === undefined) return false;
  if (typeof value === "object") return Object.values(value).some((each) => holds(each, needle));
  return String(value).toLowerCase().includes(needle);
}
