import { entityAddress } from "../../addresses.js";
import { rateChart, stackedBar } from "../../pages/charts.js";
import { type Html, html } from "../../pages/html.js";
import { visible } from "../../reject.js";
import type { EntityCounts } from "../counts.js";
import type { Report } from "../report.js";
import { formatCount, formatDuration, formatNumber, formatPlace } from "../words.js";
import { causeBars, entityName, fileLink, outside } from "./html-causes.js";
import { type End, endsOf } from "./html-flow.js";

/** Most rows of one table. */
const maxRows = 200;

/** Entities and requests per second over time, against the quota. */
export function rateSection({
  timeline = [],
  durationMs,
  requests,
  quota,
}: Pick<Report, "timeline" | "durationMs" | "requests" | "quota">): Html {
  // A run of a second or two needs no chart.
  if (timeline.length < 3) return html``;
  const refused = timeline.reduce((sum, point) => sum + point.refused, 0);
  // Without a stated quota, what waits at first waits for the first reply.
  const isLimited = quota !== undefined || refused > 0;
  const waitedMs = isLimited ? timeline.reduce((sum, point) => sum + (point.waitedMs ?? 0), 0) : 0;
  const points = waitedMs === 0 ? timeline.map(({ waitedMs: _, ...point }) => point) : timeline;
  const perSecond = quota === undefined ? undefined : quota.limit / (quota.periodMs / 1000);
  const words = [
    `${formatCount(requests.total, "request")} in ${formatDuration(durationMs)}`,
    quota !== undefined &&
      `the quota is ${formatNumber(quota.limit)} bulk requests in ${formatDuration(quota.periodMs)}, ${formatNumber(perSecond ?? 0)} per second`,
    waitedMs >= 100 && `requests waited for it during ${formatDuration(waitedMs)}`,
    refused === 0 ? "none was refused by it" : `${formatNumber(refused)} refused by it`,
  ].filter((part) => part !== false);
  const sentence = `${quota === undefined ? words.join("; ").replace(/ by it$/, " by the quota") : words.join("; ")}.`;
  const chart = { endSecond: Math.ceil(durationMs / 1000), summary: sentence };
  return html`<section aria-labelledby="rate"><h2 id="rate">Rate over time</h2>
<div class="panel rate" role="group" aria-label="Rate over time" tabindex="0">${rateChart(points, { ...chart, ...(perSecond !== undefined && { quota: perSecond }) })}</div>
<ul class="keys"><li><span class="key created"></span>entities per second (left)</li><li><span class="key line"></span>requests per second (right)</li>${perSecond !== undefined && html`<li><span class="key quota"></span>quota of bulk requests</li>`}${waitedMs >= 100 && html`<li><span class="key wait"></span>waiting for the quota</li>`}${refused > 0 && html`<li><span class="key refusal"></span>refused by the quota</li>`}</ul><p class="quiet">${sentence}</p>
</section>`;
}

/** What became of the entities of each blueprint, with a few of them by name. */
export function outcomeSection(report: Report): Html {
  const rows = Object.entries(report.blueprints).toSorted(([, a], [, b]) => b.mapped - a.mapped);
  if (rows.length === 0) return html``;
  const ends = endsOf(report).filter(([end]) => report.entities[end] > 0);
  const hasExamples = !report.dryRun && Object.keys(report.examples ?? {}).length > 0;
  return html`<section aria-labelledby="outcomes"><h2 id="outcomes">Outcomes by blueprint</h2>
${outcomeTable(report, rows, ends, hasExamples)}
${rows.length > maxRows && html`<p class="quiet">and ${formatCount(rows.length - maxRows, "blueprint")} more in report.json</p>`}
</section>`;
}

function outcomeTable(
  report: Report,
  rows: readonly (readonly [id: string, counts: EntityCounts])[],
  ends: readonly (readonly [end: End, word: string])[],
  hasExamples: boolean,
): Html {
  const most = rows[0]?.[1].mapped ?? 1;
  const hasDeleted = report.entities.deleted > 0;
  const row = (name: Html, counts: EntityCounts, bar: Html, examples: Html): Html =>
    html`<tr>${name}<td data-label="" class="bars">${bar}</td><td class="number" data-label="entities">${formatNumber(counts.mapped)}</td>${ends.map(([end, word]) => html`<td class="number" data-label="${word}">${formatNumber(counts[end])}</td>`)}${hasDeleted && html`<td class="number" data-label="deleted">${formatNumber(counts.deleted)}</td>`}${hasExamples && html`<td data-label="such as">${examples}</td>`}</tr>`;
  const nameOf = (id: string): Html => outside(entityAddress(report.target, id), id);
  return html`<div class="panel"><table class="cards"><thead><tr><th scope="col">Blueprint</th><th scope="col"><span class="hidden">Share</span></th><th scope="col" class="number">entities</th>${ends.map(([end, word]) => html`<th scope="col" class="number"><span class="key ${end}"></span>${word}</th>`)}${hasDeleted && html`<th scope="col" class="number">deleted</th>`}${hasExamples && html`<th scope="col">such as</th>`}</tr></thead><tbody>
${rows.slice(0, maxRows).map(([id, counts]) =>
  row(
    html`<th scope="row">${nameOf(id)}</th>`,
    counts,
    stackedBar(
      ends.map(([end, label]) => ({ label, value: counts[end], tone: end })),
      most,
    ),
    examplesOf(report, id),
  ),
)}
${rows.length > 1 && row(html`<th scope="row">all</th>`, report.entities, html``, html``)}
</tbody></table></div>`;
}

function examplesOf({ examples = {}, target }: Report, blueprint: string): Html {
  const of = Object.hasOwn(examples, blueprint) ? examples[blueprint] : undefined;
  const names = [...(of?.created ?? []), ...(of?.updated ?? []), ...(of?.unchanged ?? [])].slice(0, 3);
  return html`${names.map((name, at) => [at > 0 && ", ", entityName(target, blueprint, name)])}`;
}

/** What was odd, and not refused. */
export function warningSection({ warnings }: Pick<Report, "warnings">): Html {
  if (warnings.length === 0) return html``;
  return html`<section aria-labelledby="warnings"><h2 id="warnings">Warnings</h2>
<div class="panel"><table class="cards"><thead><tr><th scope="col" class="number">Count</th><th scope="col">What</th><th scope="col">Where</th><th scope="col">First</th></tr></thead><tbody>
${warnings
  .slice(0, maxRows)
  .map(
    ({ code, count, message, blueprint, path, first }) =>
      html`<tr><td class="number" data-label="count">${formatNumber(count)}</td><td><code>${code}</code><br>${visible(message)}</td><td data-label="where">${visible([blueprint, path].filter((word) => word !== undefined).join(" "))}</td><td data-label="first">${first === undefined ? "" : visible(formatPlace(first))}</td></tr>`,
  )}
</tbody></table></div></section>`;
}

/** Which parts of the sources nothing reads. */
export function columnSection({ unmappedColumns = [] }: Pick<Report, "unmappedColumns">): Html {
  if (unmappedColumns.length === 0) return html``;
  return html`<section aria-labelledby="columns"><h2 id="columns">Columns that no expression reads</h2>
<div class="panel"><table class="cards pairs"><tbody>${unmappedColumns
    .slice(0, 50)
    .map(
      ({ source, columns }) =>
        html`<tr><th scope="row">${visible(source)}</th><td>${columns.slice(0, maxRows).map((column) => html`<code class="chip">${visible(column)}</code> `)}${columns.length > maxRows ? `and ${columns.length - maxRows} more` : ""}</td></tr>`,
    )}</tbody></table></div></section>`;
}

/** The rejects files. */
export function fileSection({ rejectFiles }: Pick<Report, "rejectFiles">, file: string | undefined): Html {
  if (rejectFiles.length === 0) return html``;
  return html`<section aria-labelledby="files"><h2 id="files">Files to correct</h2>
<div class="panel"><table class="cards"><thead><tr><th scope="col">File</th><th scope="col">Records of</th><th scope="col" class="number">Records</th></tr></thead><tbody>
${rejectFiles
  .slice(0, maxRows)
  .map(
    ({ path, source, records }) =>
      html`<tr><td>${fileLink(path, file)}</td><td data-label="records of">${visible(source)}</td><td class="number" data-label="records">${formatNumber(records)}</td></tr>`,
  )}
</tbody></table></div></section>`;
}

/** A command line that is broken between its words, not within a flag. */
function commandHtml(line: string): Html {
  const words = visible(line).split(" ");
  return html`<code>${words.map((word, at) => html`${at > 0 && " "}<span class="word">${word}</span>`)}</code>`;
}

/** How to do it again: command, mapping, target, versions. @param more - further rows, above the others */
export function factSection(report: Report, more: readonly (readonly [name: string, value: Html])[] = []): Html {
  const { requests } = report;
  const facts: (readonly [string, string | Html | undefined])[] = [
    ["command", report.commandLine === undefined ? report.command : commandHtml(report.commandLine)],
    ...more,
    ...(report.next ?? []).map(({ is, purpose, command }): [string, Html] => [
      is,
      html`${visible(purpose)}: ${commandHtml(command)}`,
    ]),
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

/** The report of a run under way, as a part of a page: outcomes, rate, causes so far. */
export function formatLive(report: Report): string {
  return html`${outcomeSection(report)}${rateSection(report)}${causeBars(report)}`.text;
}
