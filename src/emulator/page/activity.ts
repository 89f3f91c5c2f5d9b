import type { Audit } from "../audit.js";
import type { Catalog } from "../catalog.js";
import { type Html, html } from "./html.js";
import { entityLink, timeHtml } from "./links.js";
import type { RecentRefusal } from "./refusals.js";

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
