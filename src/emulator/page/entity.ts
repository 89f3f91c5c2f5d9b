import { type Html, html, type Part } from "../../pages/html.js";
import { heldBy, referrersTo, targetsOf } from "../catalog.js";
import { readingShape } from "../entity-shape.js";
import { entityReply } from "../evaluate.js";
import { teamsOf } from "../meta.js";
import { type Catalog, isObject, type Shelf, type StoredEntity } from "../model.js";
import { entityLink, figure, tableHref, timeHtml, valueHtml } from "./html.js";

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
