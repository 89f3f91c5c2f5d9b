import { relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { stackedBar } from "../../pages/charts.js";
import { type Html, html } from "../../pages/html.js";
import { furtherFaults, type RejectGroup, type RejectSample } from "../group-causes.js";
import type { Report } from "../report.js";
import { faultAndFix, formatCount, formatNumber, formatPlace, visible } from "../words.js";

/** Most causes on the page; report.json has all that were kept apart. */
const maxCauses = 200;

/** What failed, a block a cause, the most frequent first: bar, message, examples, what to do. */
export function causesSection(report: Report, file: string | undefined): Html {
  const { rejects, rejectFiles } = report;
  if (rejects.length === 0) return html``;
  const most = rejects[0]?.count ?? 1;
  const shown = rejects.slice(0, maxCauses);
  const files = new Map(rejectFiles.map(({ source, path }) => [source, path]));
  const further = furtherFaults(report);
  return html`<section aria-labelledby="causes">
<h2 id="causes">What failed, by cause</h2>
<div class="tools screen"><label for="filter">Filter</label><input id="filter" type="search" placeholder="code, blueprint, path, message or value">
<label for="order">Order</label><select id="order"><option value="count">by count</option><option value="code">by code</option><option value="place">by place</option></select>
<span id="shown" class="quiet" role="status"></span></div>
<ol class="causes" id="cause-list">
${shown.map((group) => causeOf(group, most, files, file))}
</ol>
${rejects.length > maxCauses ? html`<p class="quiet">and ${formatCount(rejects.length - maxCauses, "cause")} more in report.json</p>` : ""}
${
  further.length === 0
    ? ""
    : html`<p>Further faults of the same entities, to be corrected with them:</p><ul>${further
        .slice(0, 50)
        .map(
          ({ code, blueprint, path, count }) =>
            html`<li>${formatNumber(count)} × <code>${code}</code> ${where({ blueprint, path })}</li>`,
        )}</ul>`
}
</section>`;
}

interface Where {
  readonly blueprint?: string | undefined;
  readonly path?: string | undefined;
}

function causeOf(group: RejectGroup, most: number, files: ReadonlyMap<string, string>, file: string | undefined): Html {
  const {
    code,
    count,
    message,
    first,
    samples = [{ ...first, ...(group.value !== undefined && { value: group.value }) }],
  } = group;
  const rejects = files.get(first.source);
  return html`<li class="panel cause" data-count="${count}" data-code="${code}" data-place="${first.source}:${String(first.position).padStart(12, "0")}">
<div class="top"><strong class="count">${formatNumber(count)}</strong><div><h3><code>${code}</code> ${where(group)}</h3><p>${visible(message)}</p></div></div>
${stackedBar([{ label: code, value: count, tone: "rejected" }], most)}
<table class="cards"><caption class="hidden">Examples</caption><thead><tr><th scope="col">Where</th><th scope="col">Value</th></tr></thead><tbody>
${samples.map(sampleRow)}
</tbody></table>
<p class="fix"><strong>Fix</strong> ${visible(faultAndFix(group).fix)}${group.leaf === undefined ? "" : html`; expression at <code>${visible(group.leaf)}</code>`}</p>
${rejects === undefined ? "" : html`<p>${fileLink(rejects, file)} holds these records, to be corrected and imported again.</p>`}
</li>`;
}

function sampleRow({ value, ...place }: RejectSample): Html {
  return html`<tr><td data-label="Where">${visible(formatPlace(place))}</td><td data-label="Value">${value === undefined ? html`<span class="quiet">none</span>` : html`<code>${visible(value)}</code>`}</td></tr>`;
}

function where({ blueprint, path }: Where): Html {
  return html`${[blueprint, path].filter((word) => word !== undefined).map((word) => html`<span class="where">${visible(word)}</span> `)}`;
}

/** A link to a file from where the page lies, or only its name where that is not known. */
export function fileLink(path: string, page: string | undefined): Html {
  if (page === undefined) return html`<code>${visible(path)}</code>`;
  const from = resolve(page, "..");
  const steps = relative(from, resolve(path)).split(/[\\/]/);
  // Another drive has no way from here.
  const href = /^[a-z]:/i.test(steps[0] ?? "") ? pathToFileURL(path).href : steps.map(encodeURIComponent).join("/");
  return html`<a href="${href}">${visible(path)}</a>`;
}
