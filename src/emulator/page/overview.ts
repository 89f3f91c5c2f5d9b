import { stackedBar } from "../../pages/charts.js";
import { graphSvg } from "../../pages/graph.js";
import type { GraphEdge } from "../../pages/graph-layout.js";
import { type Html, html, type Part } from "../../pages/html.js";
import { heldBy, referrersTo, targetsOf } from "../catalog.js";
import { readingShape, teamsOf } from "../entity-reply.js";
import { entityReply } from "../evaluate.js";
import type { FamilyStats } from "../limits.js";
import { type Audit, type Catalog, isObject, type Shelf, type StoredEntity } from "../model.js";
import { entityLink, figure, type RecentRefusal, tableHref, timeHtml, valueHtml } from "./html.js";
import { headHtml, searchForm } from "./table.js";

/** Blueprints with their counts, and the graph of their relations. */
export function overviewHtml(catalog: Catalog, apiUrl: string, sort = ""): Html {
  const shelves = shownShelves(catalog);
  const total = shelves.reduce((sum, { entities }) => sum + entities.size, 0);
  const nodes = shelves.map(({ blueprint, entities }) => ({
    id: blueprint.identifier,
    title: blueprint.title ?? blueprint.identifier,
    note: figure(entities.size),
    label: `${blueprint.title ?? blueprint.identifier}, ${figure(entities.size)} ${entities.size === 1 ? "entity" : "entities"}`,
    href: tableHref(blueprint.identifier),
  }));
  return html`<h1>Catalog</h1>
<p class="quiet">${figure(shelves.length)} ${shelves.length === 1 ? "blueprint" : "blueprints"}, ${figure(total)} ${total === 1 ? "entity" : "entities"}, in memory · API at <code>${apiUrl}</code></p>
${searchForm(undefined, "")}
<h2>Relations</h2>
<p class="quiet">An arrow leads to a relation's target; a thick one is required, <code>*</code> has many.<span class="narrow"> The graph scrolls sideways; the list below holds the same.</span></p>
<div class="panel" tabindex="0" role="region" aria-label="Graph of relations">${graphSvg(nodes, edgesOf(shelves))}</div>
<h2 id="blueprints">Blueprints</h2>
<div class="panel"><table class="cards">
<thead><tr>${sortable.map(([key, name, tone]) => headHtml(key, name, sort, (to) => `/?sort=${to}#blueprints`, tone))}</tr></thead>
<tbody>${sorted(shelves, sort).map(rowHtml)}</tbody>
</table></div>`;
}

const sortable = [
  ["name", "Blueprint", ""],
  ["entities", "Entities", "number"],
  ["properties", "Properties", "number"],
  ["relations", "Relations", ""],
] as const;

function sorted(shelves: readonly Shelf[], sort: string): readonly Shelf[] {
  const of = {
    name: (a: Shelf, b: Shelf) => nameOfShelf(a).localeCompare(nameOfShelf(b), "en"),
    entities: (a: Shelf, b: Shelf) => a.entities.size - b.entities.size,
    properties: (a: Shelf, b: Shelf) => a.rules.properties.size - b.rules.properties.size,
    relations: (a: Shelf, b: Shelf) => a.rules.relations.size - b.rules.relations.size,
  };
  const key = sort.replace(/^-/, "");
  if (!Object.hasOwn(of, key)) return shelves;
  const by = of[key as keyof typeof of];
  return shelves.toSorted((a, b) => (sort.startsWith("-") ? by(b, a) : by(a, b)));
}

function nameOfShelf({ blueprint }: Shelf): string {
  return blueprint.title ?? blueprint.identifier;
}

/** Blueprints that are shown: those of the system only when they have entities, or one of the others relates to them. */
function shownShelves(catalog: Catalog): readonly Shelf[] {
  const all = [...catalog.shelves.values()];
  const own = all.filter(({ blueprint, entities }) => !blueprint.identifier.startsWith("_") || entities.size > 0);
  const targets = new Set(own.flatMap(({ rules }) => [...rules.relations.values()].map(({ target }) => target)));
  return all.filter((shelf) => own.includes(shelf) || targets.has(shelf.blueprint.identifier));
}

function edgesOf(shelves: readonly Shelf[]): readonly GraphEdge[] {
  const shown = new Set(shelves.map(({ blueprint }) => blueprint.identifier));
  return shelves.flatMap(({ blueprint, rules }) =>
    [...rules.relations]
      .filter(([, { target }]) => shown.has(target))
      .map(([name, { target, required, many }]) => ({ from: blueprint.identifier, to: target, name, required, many })),
  );
}

function rowHtml({ blueprint, entities, rules }: Shelf): Html {
  const relations = [...rules.relations].map(
    ([name, { target, required, many }]) =>
      html`<li>${name} → <a href="${tableHref(target)}">${target}</a>${many ? " (many)" : ""}${required ? " (required)" : ""}</li>`,
  );
  return html`<tr><th scope="row"><a href="${tableHref(blueprint.identifier)}">${blueprint.title ?? blueprint.identifier}</a> <span class="quiet">${blueprint.identifier}</span></th>
<td class="number" data-label="Entities">${figure(entities.size)}</td>
<td class="number" data-label="Properties">${figure(rules.properties.size)}</td>
<td>${relations.length > 0 && html`<ul class="plain">${relations}</ul>`}</td></tr>
`;
}

/** The limits in force, and what they let pass. */
export function limitsHtml(families: Readonly<Record<string, FamilyStats>>): Html {
  const off = Object.values(families).every(({ limit }) => limit === null);
  return html`<h1>Limits</h1>
<p class="quiet">${off ? "No limits are in force." : "A family of routes accepts so many requests in a period, and as many as the burst at once. The gauge shows what of the limit is used in the current period, and what was refused since the start."}</p>
<div class="panel"><table class="cards">
<thead><tr><th scope="col">Family</th><th scope="col"><span class="hidden">Use</span></th>${["Limit", "Used", "Period (s)", "Burst", "Accepted", "Refused"].map((head) => html`<th scope="col" class="number">${head}</th>`)}</tr></thead>
<tbody>${Object.entries(families).map(
    ([family, { limit, periodMs, burst, accepted, refused, used }]) =>
      html`<tr><th scope="row">${family}</th><td class="bars">${gauge(limit, used, refused)}</td>${cell("Limit", limit)}${cell("Used", used)}${cell("Period (s)", periodMs === null ? null : periodMs / 1000)}${cell("Burst", burst)}${cell("Accepted", accepted)}${cell("Refused", refused)}</tr>
`,
  )}</tbody>
</table></div>`;
}

/** How much of a limit is used, then what was refused beyond it. */
function gauge(limit: number | null, used: number | null, refused: number): Html {
  if (limit === null || used === null) return html``;
  const parts = [
    { label: "used", value: used, tone: "created" },
    { label: "refused", value: refused, tone: "rejected" },
  ];
  return stackedBar(parts, Math.max(limit, used + refused), true);
}

function cell(name: string, value: number | null): Html {
  return html`<td class="number" data-label="${name}">${value === null ? "–" : figure(value)}</td>`;
}

/** Writes and refusals that are shown. */
const maxShown = 100;

const deeds = { CREATE: "created", UPDATE: "updated", DELETE: "deleted" } as const;

/** What was written last, and what was refused. */
export function activityHtml(catalog: Catalog, refusals: readonly RecentRefusal[]): Html {
  const writes = catalog.audits.read(undefined).slice(0, maxShown);
  return html`<h1>Activity</h1>
<h2>Recent refusals</h2>
${refusals.length === 0 ? html`<p class="quiet">Nothing was refused.</p>` : refusalsHtml(refusals.slice(0, maxShown))}
<h2>Recent writes</h2>
${writes.length === 0 ? html`<p class="quiet">Nothing was written yet.</p>` : writesHtml(catalog, writes)}`;
}

function refusalsHtml(refusals: readonly RecentRefusal[]): Html {
  return html`<div class="panel" tabindex="0" role="region" aria-label="Recent refusals"><table class="cards">
<thead><tr><th scope="col">Status</th><th scope="col">Why</th><th scope="col">Request</th><th scope="col">Time (UTC)</th></tr></thead>
<tbody>${refusals.map(
    ({ at, method, path, status, error, message, item }) =>
      html`<tr><th scope="row" class="bad">${status}</th><td><code>${error}</code> ${message}</td><td data-label="Request">${method} ${path}${item !== undefined && `, item ${item}`}</td><td>${timeHtml(at)}</td></tr>
`,
  )}</tbody>
</table></div>`;
}

function writesHtml(catalog: Catalog, writes: readonly Audit[]): Html {
  return html`<div class="panel" tabindex="0" role="region" aria-label="Recent writes"><table class="cards">
<thead><tr><th scope="col">Entity</th><th scope="col">Blueprint</th><th scope="col">What</th><th scope="col">By</th><th scope="col">Time (UTC)</th></tr></thead>
<tbody>${writes.map(({ deed, blueprint, entity, at, by, runId }) => {
    const there = catalog.shelves.get(blueprint)?.entities.has(entity) === true;
    return html`<tr><th scope="row">${there ? entityLink(blueprint, entity) : entity}</th><td data-label="Blueprint">${blueprint}</td><td data-label="Was">${deeds[deed]}</td><td data-label="By">${by}${runId !== null && `, run ${runId}`}</td><td>${timeHtml(at)}</td></tr>
`;
  })}</tbody>
</table></div>`;
}

/** Most entities that are listed as naming this one. */
const maxReferrers = 100;

/** One entity: its properties as reads show them, its relations and those that name it as links. */
export function entityHtml(catalog: Catalog, shelf: Shelf, entity: StoredEntity): Html {
  const { blueprint, rules } = shelf;
  const { properties } = entityReply(catalog, shelf, entity, readingShape);
  const values = isObject(properties) ? Object.entries(properties) : [];
  const relations = [...rules.relations].map(([key, { target }]) => [key, target] as const);
  const teams = teamsOf(catalog, shelf, entity);
  return html`<p><a href="${tableHref(blueprint.identifier)}">${blueprint.title ?? blueprint.identifier}</a></p>
<h1>${entity.title ?? entity.identifier}</h1>
<p class="quiet"><code>${entity.identifier}</code>${teams.length > 0 && ` · ${teams.join(", ")}`} · written ${figure(entity.writes)} ${entity.writes === 1 ? "time" : "times"}, last ${timeHtml(entity.updatedAt)} by ${entity.datasource ?? entity.updatedBy}</p>
<h2>Relations</h2>
${
  relations.length === 0
    ? html`<p class="quiet">The blueprint has none.</p>`
    : rowsHtml(relations.map(([key, target]) => [nameOf(blueprint.relations, key), targetsHtml(entity, key, target)]))
}
<h2>Named by</h2>
${referrersHtml(catalog, shelf, entity)}
<h2>Properties</h2>
${
  values.length === 0
    ? html`<p class="quiet">None.</p>`
    : rowsHtml(values.map(([key, value]) => [nameOf(blueprint.schema.properties, key), valueHtml(value)]))
}`;
}

function nameOf(named: Readonly<Record<string, { readonly title?: string }>> = {}, key: string): Part {
  const title = Object.hasOwn(named, key) ? named[key]?.title : undefined;
  return title === undefined || title === key ? key : [title, html` <span class="quiet">${key}</span>`];
}

function rowsHtml(rows: readonly (readonly [name: Part, value: Part])[]): Html {
  return html`<div class="panel"><table class="cards pairs"><tbody>${rows.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody></table></div>`;
}

function targetsHtml(entity: StoredEntity, relation: string, blueprint: string): Part {
  const targets = targetsOf(heldBy(entity, relation));
  if (targets.length === 0) return html`<span class="quiet">–</span>`;
  return html`<ul class="plain inline">${targets.map((target) => html`<li>${entityLink(blueprint, target)}</li>`)}</ul>`;
}

function referrersHtml(catalog: Catalog, shelf: Shelf, { identifier }: StoredEntity): Html {
  const referrers = referrersTo(catalog, shelf, identifier);
  if (referrers.length === 0) return html`<p class="quiet">No other entity.</p>`;
  const groups = new Map<string, Html[]>();
  for (const { shelf: home, relation, entity } of referrers.slice(0, maxReferrers)) {
    const from = home.blueprint.identifier;
    const key = `${from}.${relation}`;
    groups.set(key, [...(groups.get(key) ?? []), html`<li>${entityLink(from, entity.identifier)}</li>`]);
  }
  const more = referrers.length - maxReferrers;
  return html`${rowsHtml([...groups].map(([key, links]) => [key, html`<ul class="plain inline">${links}</ul>`]))}${more > 0 && html`<p class="quiet">and ${figure(more)} more</p>`}`;
}
