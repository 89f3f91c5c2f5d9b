import { stackedBar } from "../../pages/bars.js";
import { singlePage } from "../../pages/document.js";
import { type Html, html } from "../../pages/html.js";
import { rateChart } from "../../pages/rate-chart.js";
import { baseCss } from "../../pages/style.js";
import type { EntityCounts } from "../counts.js";
import type { Report } from "../report.js";
import { formatCount, formatDuration, formatNumber, formatPlace, visible } from "../words.js";
import { causesSection, fileLink } from "./html-causes.js";
import { endsOf, flowWords, reportFlow } from "./html-flow.js";
import { causeScript, reportCss } from "./html-page.js";
import { verdictOf } from "./html-verdict.js";

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
