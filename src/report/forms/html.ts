import { rateChart, stackedBar } from "../../pages/charts.js";
import { type Html, html, singlePage } from "../../pages/html.js";
import { baseCss } from "../../pages/style.js";
import type { EntityCounts } from "../counts.js";
import type { Report } from "../report.js";
import { failedWords, formatCount, formatDuration, formatNumber, formatPlace, visible } from "../words.js";
import { causesSection, fileLink } from "./html-causes.js";
import { endsOf, flowWords, reportFlow } from "./html-flow.js";

/**
 * Writes a report as one HTML page that loads nothing: verdict, flow, rate, outcomes, causes, warnings, files and how to do it again.
 *
 * @param file - where the page will lie, so that it can link to the rejects files
 */
export function formatHtml(report: Report, file?: string): string {
  const { tone, sentence } = verdictOf(report);
  const hasCauses = report.rejects.length > 0;
  return singlePage({
    title: `portload ${report.command} ${report.importId}`,
    css: baseCss + reportCss,
    ...(hasCauses && { script: causeScript }),
    content: html`<p class="quiet">portload ${report.command}${report.dryRun ? ", nothing was written" : ""} · ${report.importId}</p>
<h1 class="verdict ${tone}">${sentence}</h1>
<section aria-labelledby="flow"><h2 id="flow">What was made of what</h2>
<div class="panel flow wide">${reportFlow(report)}</div>
<ul class="narrow panel words">${flowWords(report).map((words) => html`<li>${words}</li>`)}</ul>
</section>
${rateSection(report)}
${outcomeSection(report)}
${causesSection(report, file)}
${warningSection(report)}
${columnSection(report)}
${fileSection(report, file)}
${factSection(report)}`,
  });
}

function rateSection({ timeline = [], durationMs, requests }: Report): Html {
  if (timeline.length < 2) return html``;
  const refused = timeline.reduce((sum, point) => sum + point.refused, 0);
  const words = `${formatCount(requests.total, "request")} in ${formatDuration(durationMs)}${refused === 0 ? "; none was refused by the quota" : `; ${formatNumber(refused)} refused by the quota`}.`;
  return html`<section aria-labelledby="rate"><h2 id="rate">Rate over time</h2>
<div class="panel rate" role="group" aria-label="Rate over time" tabindex="0">${rateChart(timeline, Math.ceil(durationMs / 1000), words)}</div>
<ul class="keys"><li><span class="key created"></span>entities per second (left)</li><li><span class="key line"></span>requests per second (right)</li>${refused > 0 ? html`<li><span class="key wait"></span>refused by the quota</li>` : ""}<li>${words}</li></ul>
</section>`;
}

function outcomeSection(report: Report): Html {
  const rows = Object.entries(report.blueprints).toSorted(([, a], [, b]) => b.mapped - a.mapped);
  if (rows.length === 0) return html``;
  const ends = endsOf(report).filter(([end]) => report.entities[end] > 0);
  const most = rows[0]?.[1].mapped ?? 1;
  const hasDeleted = report.entities.deleted > 0;
  const row = (name: Html, counts: EntityCounts, bar: Html): Html =>
    html`<tr>${name}<td data-label="" class="bars">${bar}</td><td class="number" data-label="entities">${formatNumber(counts.mapped)}</td>${ends.map(([end, word]) => html`<td class="number" data-label="${word}">${formatNumber(counts[end])}</td>`)}${hasDeleted ? html`<td class="number" data-label="deleted">${formatNumber(counts.deleted)}</td>` : ""}</tr>`;
  return html`<section aria-labelledby="outcomes"><h2 id="outcomes">Outcomes by blueprint</h2>
<div class="panel"><table class="cards"><thead><tr><th scope="col">Blueprint</th><th scope="col"><span class="hidden">Share</span></th><th scope="col" class="number">entities</th>${ends.map(([end, word]) => html`<th scope="col" class="number"><span class="key ${end}"></span>${word}</th>`)}${hasDeleted ? html`<th scope="col" class="number">deleted</th>` : ""}</tr></thead><tbody>
${rows.slice(0, 200).map(([id, counts]) =>
  row(
    html`<th scope="row">${visible(id)}</th>`,
    counts,
    stackedBar(
      ends.map(([end, label]) => ({ label, value: counts[end], tone: end })),
      most,
    ),
  ),
)}
${rows.length > 1 ? row(html`<th scope="row">all</th>`, report.entities, html``) : ""}
</tbody></table></div>
</section>`;
}

function warningSection({ warnings }: Report): Html {
  if (warnings.length === 0) return html``;
  return html`<section aria-labelledby="warnings"><h2 id="warnings">Warnings</h2>
<div class="panel"><table class="cards"><thead><tr><th scope="col" class="number">Count</th><th scope="col">What</th><th scope="col">Where</th><th scope="col">First</th></tr></thead><tbody>
${warnings
  .slice(0, 200)
  .map(
    ({ code, count, message, blueprint, path, first }) =>
      html`<tr><td class="number" data-label="count">${formatNumber(count)}</td><td><code>${code}</code><br>${visible(message)}</td><td data-label="where">${visible([blueprint, path].filter((word) => word !== undefined).join(" "))}</td><td data-label="first">${first === undefined ? "" : visible(formatPlace(first))}</td></tr>`,
  )}
</tbody></table></div></section>`;
}

function columnSection({ unmappedColumns = [] }: Report): Html {
  if (unmappedColumns.length === 0) return html``;
  return html`<section aria-labelledby="columns"><h2 id="columns">Columns that no expression reads</h2>
<div class="panel"><table class="cards pairs"><tbody>${unmappedColumns
    .slice(0, 50)
    .map(
      ({ source, columns }) =>
        html`<tr><th scope="row">${visible(source)}</th><td>${columns.slice(0, 200).map((column) => html`<code class="chip">${visible(column)}</code> `)}${columns.length > 200 ? `and ${columns.length - 200} more` : ""}</td></tr>`,
    )}</tbody></table></div></section>`;
}

function fileSection({ rejectFiles }: Report, file: string | undefined): Html {
  if (rejectFiles.length === 0) return html``;
  return html`<section aria-labelledby="files"><h2 id="files">Files to correct</h2>
<div class="panel"><table class="cards"><thead><tr><th scope="col">File</th><th scope="col">Records of</th><th scope="col" class="number">Records</th></tr></thead><tbody>
${rejectFiles.map(
  ({ path, source, records }) =>
    html`<tr><td>${fileLink(path, file)}</td><td data-label="records of">${visible(source)}</td><td class="number" data-label="records">${formatNumber(records)}</td></tr>`,
)}
</tbody></table></div></section>`;
}

function factSection(report: Report): Html {
  const { requests } = report;
  const facts: [string, string | Html | undefined][] = [
    ["command", report.commandLine === undefined ? report.command : html`<code>${visible(report.commandLine)}</code>`],
    ["mapping", report.mapping],
    ["target", report.target],
    ["import", report.importId],
    ["retry of", report.retryOf],
    ["started", html`<time datetime="${report.startedAt}">${report.startedAt}</time>`],
    ["duration", `${formatDuration(report.durationMs)}, ${formatNumber(report.entitiesPerSecond)} entities per second`],
    [
      "requests",
      `${formatNumber(requests.total)}, of which ${formatNumber(requests.retries)} were sent again and ${formatNumber(requests.rateLimited)} refused by the quota`,
    ],
    ["exit code", String(report.exitCode)],
    ["ledger", report.balanced ? "balances" : "does not balance"],
    ["portload", report.version],
  ];
  const rows = facts.flatMap(([name, value]) =>
    value === undefined
      ? []
      : [html`<tr><th scope="row">${name}</th><td>${typeof value === "string" ? visible(value) : value}</td></tr>`],
  );
  return html`<section aria-labelledby="facts"><h2 id="facts">How it was made</h2>
<div class="panel"><table class="pairs cards"><tbody>${rows}</tbody></table></div></section>`;
}

/** What the report's page has beside the style of every page. */
const reportCss = `
main.frame { padding-top: 24px; padding-bottom: 48px; }
h1.verdict { padding: 12px 16px; border-left: 5px solid currentColor; border-radius: 6px; font-weight: 600; }
h1.good { background: var(--wash-good); } h1.bad { background: var(--wash-bad); } h1.warn { background: var(--wash-warn); }
.flow, .rate { padding: 14px 16px; }
ul.words { margin: 0; padding: 10px 12px 10px 28px; }
.trace { fill: none; stroke: var(--updated); stroke-width: 1.6; }
.key.line { background: var(--updated); height: .25em; vertical-align: middle; }
.wait, .key.wait { fill: var(--rejected); fill-opacity: .22; background: var(--rejected); }
td.bars { min-width: 180px; vertical-align: middle; }
.tools { display: flex; flex-wrap: wrap; align-items: center; gap: 8px; margin: 0 0 10px; }
ol.causes { list-style: none; margin: 0; padding: 0; display: grid; gap: 12px; }
.cause { padding: 12px 16px; break-inside: avoid; }
.cause .top { display: flex; gap: 16px; align-items: baseline; }
.cause .count { font-size: 1.25rem; font-variant-numeric: tabular-nums; flex: none; min-width: 3.5rem; text-align: right; }
.cause table { width: auto; min-width: 50%; }
.cause p { margin: 2px 0 8px; overflow-wrap: anywhere; }
.cause svg.bar { height: 8px; margin: 4px 0 6px; }
.cause td, .cause th { padding: 3px 12px 3px 0; }
.fix { margin-top: 8px; }
.where { font-weight: 400; overflow-wrap: anywhere; }
.chip { display: inline-block; background: var(--mark); border-radius: 4px; padding: 1px 6px; margin: 1px 0; }
svg.bar { height: 14px; }
@media (max-width: 640px) { .rate svg.chart { min-width: 640px; } .cause .top { flex-direction: column; gap: 0; } .cause table { width: 100%; } td.bars { min-width: 0; } .cause .count { min-width: 0; text-align: left; } .cause { padding: 10px 12px; } .cause table.cards td { padding: 1px 0; } }
`;

/** Filters and sorts the causes. Plain, small, and all that runs in the page. */
const causeScript = `
const list = document.getElementById("cause-list"), filter = document.getElementById("filter"), order = document.getElementById("order"), shown = document.getElementById("shown");
const causes = [...list.children];
const update = () => {
  const wanted = filter.value.trim().toLowerCase();
  let count = 0;
  for (const cause of causes) {
    cause.hidden = wanted !== "" && !cause.textContent.toLowerCase().includes(wanted);
    if (!cause.hidden) count++;
  }
  shown.textContent = wanted === "" ? "" : count + " of " + causes.length + (causes.length === 1 ? " cause" : " causes");
};
filter.addEventListener("input", update);
order.addEventListener("change", () => {
  const by = { count: (a, b) => b.dataset.count - a.dataset.count, code: (a, b) => a.dataset.code.localeCompare(b.dataset.code), place: (a, b) => a.dataset.place.localeCompare(b.dataset.place) }[order.value];
  list.append(...causes.sort(by));
});
`;

/** Says in one sentence how an import ended, with the tone to say it in. */
export function verdictOf(report: Report): { readonly tone: "good" | "bad" | "warn"; readonly sentence: string } {
  const { records, entities, exitCode, dryRun, balanced } = report;
  const held = entities.created + entities.updated + entities.unchanged;
  const done = dryRun
    ? `${formatCount(held, "entity")} would be in the catalog as the sources have ${held === 1 ? "it" : "them"}`
    : `${formatCount(held, "entity")} ${held === 1 ? "is" : "are"} in the catalog as the sources have ${held === 1 ? "it" : "them"}`;
  const left = entities.notAttempted === 0 ? "" : `; ${formatCount(entities.notAttempted, "entity")} not attempted`;
  switch (exitCode) {
    case 0:
      return {
        tone: "good",
        sentence: `Finished: ${done}, and ${formatCount(records.read, "record")} ${records.read === 1 ? "is" : "are"} accounted for.`,
      };
    case 1:
      return { tone: "warn", sentence: `Finished with ${failedWords(report)}: ${done}.` };
    case 2:
      return {
        tone: "bad",
        sentence: `Stopped by the error budget with ${failedWords(report)}: ${done}${left}.`,
      };
    case 4:
      return { tone: "warn", sentence: `Interrupted after ${formatCount(records.read, "record")}: ${done}${left}.` };
    case 5:
      return {
        tone: "bad",
        sentence: `Ended in a fault of portload itself${balanced ? "" : ": its counts do not add up"}.`,
      };
    case 6:
      return { tone: "bad", sentence: `Refused by a guard: ${done}${left}.` };
    default:
      return { tone: "bad", sentence: `Stopped before its end: ${done}${left}.` };
  }
}
