import type { Catalog, Shelf } from "../catalog.js";
import type { GraphEdge } from "./graph.js";
import { graphSvg } from "./graph-svg.js";
import { type Html, html } from "./html.js";
import { figure, tableHref } from "./links.js";
import { searchForm } from "./table.js";

/** Blueprints with their counts, and the graph of their relations. */
export function overviewHtml(catalog: Catalog, apiUrl: string): Html {
  const shelves = shownShelves(catalog);
  const total = shelves.reduce((sum, { entities }) => sum + entities.size, 0);
  const nodes = shelves.map(({ blueprint, entities }) => ({
    id: blueprint.identifier,
    title: blueprint.title ?? blueprint.identifier,
    count: entities.size,
  }));
  return html`<h1>Catalog</h1>
<p class="quiet">${figure(shelves.length)} blueprints, ${figure(total)} entities, in memory · API at <code>${apiUrl}</code></p>
${searchForm(undefined, "")}
<h2>Relations</h2>
<p class="quiet">An arrow leads to a relation's target; a thick one is required, <code>*</code> has many.<span class="narrow"> The graph scrolls sideways; the list below holds the same.</span></p>
<div class="panel" tabindex="0" role="region" aria-label="Graph of relations">${graphSvg(nodes, edgesOf(shelves))}</div>
<h2>Blueprints</h2>
<div class="panel"><table class="cards">
<thead><tr><th scope="col">Blueprint</th><th scope="col" class="number">Entities</th><th scope="col">Properties</th><th scope="col">Relations</th></tr></thead>
<tbody>${shelves.map(rowHtml)}</tbody>
</table></div>`;
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
<td data-label="Properties">${figure(rules.properties.size)}</td>
<td>${relations.length > 0 && html`<ul class="plain">${relations}</ul>`}</td></tr>
`;
}
