import { baseCss, html, singlePage } from "../../pages/html.js";
import { endingSentence, type Report } from "../report.js";
import { causesSection } from "./html-causes.js";
import { flowSection } from "./html-flow.js";
import {
  columnSection,
  factSection,
  fileSection,
  outcomeSection,
  rateSection,
  warningSection,
} from "./html-sections.js";

/**
 * Writes a report as one HTML page that loads nothing: verdict, flow, rate, outcomes, causes, warnings, files and how to do it again.
 *
 * @param file - where the page will be, so that it can link to the rejects files
 */
export function formatHtml(report: Report, file?: string): string {
  const { tone, sentence } = endingSentence(report);
  return singlePage({
    title: `portload ${report.command} ${report.importId}`,
    css: baseCss + reportCss,
    ...(report.rejects.length > 0 && { script: causeScript }),
    content: html`<p class="quiet">portload ${report.command}${report.dryRun ? ", nothing was written" : ""} · ${report.importId}</p>
<h1 class="verdict ${tone}">${sentence}</h1>
${flowSection(report)}
${rateSection(report)}
${outcomeSection(report)}
${causesSection(report, file)}
${warningSection(report)}
${columnSection(report)}
${fileSection(report, file)}
${factSection(report)}`,
  });
}

/** What the pages of a report and of a plan add to the style of every page. */
export const reportCss = `
main.frame { padding-top: 24px; padding-bottom: 48px; }
h1.verdict { padding: 12px 16px; border-left: 5px solid currentColor; border-radius: 6px; font-weight: 600; }
h1.good { background: var(--wash-good); } h1.bad { background: var(--wash-bad); } h1.warn { background: var(--wash-warn); }
.why { padding: 10px 14px; margin-top: 10px; }
.flow, .rate { padding: 14px 16px; }
ul.words { margin: 0; padding: 10px 12px 10px 28px; }
.tools label { white-space: nowrap; }
.tools { display: flex; flex-wrap: wrap; align-items: center; gap: 8px; margin: 0 0 10px; }
ol.causes { list-style: none; margin: 0; padding: 0; }
.cause { border-bottom: 1px solid var(--line); break-inside: avoid; }
.cause:last-child { border-bottom: 0; }
.cause summary, .cause .line { display: grid; grid-template-columns: 4.6rem 190px minmax(0, 1fr) 1rem; gap: 0 14px; padding: 8px 14px; align-items: baseline; list-style: none; } .cause summary { cursor: pointer; }
.cause summary::-webkit-details-marker { display: none; }
.cause summary::after { content: "▸"; color: var(--quiet); }
.cause [open] > summary::after { content: "▾"; }
.cause .count { font-variant-numeric: tabular-nums; text-align: right; }
.cause .bars { align-self: center; }
.cause .what { font-weight: 400; font-size: 1em; }
.cause .fault { display: block; overflow-wrap: anywhere; }
.cause .inside { display: grid; grid-template-columns: minmax(0, 1.2fr) minmax(0, 1fr); gap: 8px 28px; padding: 0 14px 12px calc(4.6rem + 28px); }
.cause .inside p { margin: 4px 0 8px; overflow-wrap: anywhere; }
.cause td, .cause th { padding: 3px 12px 3px 0; }
.cause thead th { font-weight: 400; }
.cause table code { overflow-wrap: break-word; }
.where { overflow-wrap: anywhere; }
.change { table-layout: fixed; } .change thead th:first-child { width: 27%; } .of-update thead th:nth-child(2) { width: 22%; }
.change th { overflow-wrap: anywhere; } .change th .warn { font-weight: 400; }
.change td { overflow-wrap: anywhere; max-width: none; }
.change tbody tr > * { border-bottom: 0; padding-top: 2px; padding-bottom: 2px; }
.change tbody tr.first > * { border-top: 1px solid var(--line); padding-top: 8px; }
.change tbody:first-of-type tr.first > * { border-top: 0; }
.change tr.last > * { padding-bottom: 8px; }
.change td.old { background: var(--wash-bad); } .change td.new { background: var(--wash-good); }
.change summary { cursor: pointer; color: var(--link); }
table.held { table-layout: fixed; margin: 4px 0 6px; } .held th { width: 34%; font-weight: 400; }
.sign { font: 600 13px/1.4 ui-monospace, "DejaVu Sans Mono", monospace; margin-right: .4em; }
@media print, (max-width: 960px) { .cause .inside { grid-template-columns: minmax(0, 1fr); } }
@media (max-width: 640px) {
  .rate { padding: 10px 4px; }
  td.bars { min-width: 0; }
  .cause summary, .cause .line { grid-template-columns: auto minmax(0, 1fr) 1rem; }
  .cause .what { grid-column: 1 / -1; grid-row: 2; }
  .cause .inside { grid-template-columns: minmax(0, 1fr); padding-left: 14px; }
  .cause table.cards td { padding: 1px 0; }
  .change td.old, .change td.new { padding: 2px 8px; margin: 0 12px; }
  table.change tbody tr { padding: 2px 0; border-bottom: 0; }
  table.change tbody tr.first > * { border-top: 0; padding-top: 2px; }
  table.change tbody tr.last > * { padding-bottom: 2px; }
  table.change tr.first { padding-top: 8px; } table.change tr.last { padding-bottom: 8px; }
  table.change tbody + tbody { border-top: 1px solid var(--line); }
}
@media print {
  .cause summary::after { content: none; }
  details::details-content { content-visibility: visible; height: auto; }
}
`;

/** Filters, sorts and opens the causes; for printing all are open. Plain, small, and all that runs in the page. */
export const causeScript = `
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
const all = causes.map((cause) => cause.firstElementChild);
document.getElementById("unfold").addEventListener("click", ({ target }) => {
  const open = all.some((one) => !one.open);
  for (const one of all) one.open = open;
  target.textContent = open ? "Close all" : "Open all";
});
addEventListener("beforeprint", () => { for (const one of all) one.open = true; });
`;
