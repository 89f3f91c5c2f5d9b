import { relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { entityAddress } from "../../addresses.js";
import { stackedBar } from "../../pages/charts.js";
import { type Html, html } from "../../pages/html.js";
import { visible } from "../../reject.js";
import type { RejectGroup, RejectSample } from "../group-causes.js";
import { furtherFaults, type Report } from "../report.js";
import { faultAndFix, formatCount, formatNumber, formatPlace } from "../words.js";

/** Most causes on the page; report.json has all that were kept apart. */
const maxCauses = 200;
/** So many causes are open at once; of more, only the first. */
const maxOpen = 5;

/** What failed, a bar a cause, the most frequent first; each opens to its examples and what to do. */
export function causesSection(report: Report, file: string | undefined): Html {
  const { rejects } = report;
  if (rejects.length === 0) return html``;
  const shown = rejects.slice(0, maxCauses);
  const further = furtherFaults(report);
  return html`<section aria-labelledby="causes">
<h2 id="causes">What failed, by cause</h2>
<div class="tools screen"><label for="filter">Filter</label><input id="filter" type="search" placeholder="code, path, message or value">
<label>Order <select id="order"><option value="count">by count</option><option value="code">by code</option><option value="place">by place</option></select></label>
<button type="button" id="unfold">Open all</button>
<span id="shown" class="quiet" role="status"></span></div>
<ol class="causes panel" id="cause-list">
${shown.map((group, index) => causeOf(group, shown.length <= maxOpen || index === 0, report, file))}
</ol>
${rejects.length > maxCauses ? html`<p class="quiet">and ${formatCount(rejects.length - maxCauses, "cause")} more in report.json</p>` : ""}
${
  further.length === 0
    ? ""
    : html`<p>Further faults of the same entities, to be corrected with them:</p><ul>${further
        .slice(0, 50)
        .map(
          ({ code, blueprint, path, count, message = "", first }) =>
            html`<li>${formatNumber(count)} × <code>${code}</code> ${where({ blueprint, path })}${visible(message)}${first !== undefined && html` <span class="quiet">first: ${visible(formatPlace(first))}</span>`}</li>`,
        )}</ul>`
}
</section>`;
}

/** What failed so far, a bar a cause, without what it opens to. */
export function causeBars({ rejects }: Pick<Report, "rejects">): Html {
  if (rejects.length === 0) return html``;
  return html`<section aria-labelledby="causes"><h2 id="causes">What failed, by cause</h2>
<ol class="causes panel">${rejects
    .slice(0, 10)
    .map(
      (group) => html`<li class="cause"><div class="line">${causeLine(group, rejects[0]?.count ?? 1)}</div></li>`,
    )}</ol></section>`;
}

function causeLine(group: RejectGroup, most: number): Html {
  const { code, count } = group;
  return html`<strong class="count">${formatNumber(count)}</strong><span class="bars">${stackedBar([{ label: code, value: count, tone: "rejected" }], most)}</span><h3 class="what"><code>${code}</code> ${where(group)}<span class="fault">${withCode(faultAndFix(group).fault)}</span></h3>`;
}

interface Where {
  readonly blueprint?: string | undefined;
  readonly path?: string | undefined;
}

function causeOf(group: RejectGroup, isOpen: boolean, report: Report, file: string | undefined): Html {
  const { code, count, first, leaf } = group;
  const { fix } = faultAndFix(group);
  const rejects = report.rejectFiles.find(({ source }) => source === first.source)?.path;
  return html`<li class="cause" data-count="${count}" data-code="${code}" data-place="${first.source}:${String(first.position).padStart(12, "0")}"><details${isOpen && html` open`}>
<summary>${causeLine(group, report.rejects[0]?.count ?? 1)}</summary>
<div class="inside">${samplesOf(group, report, file)}
<div><p><strong>Fix</strong> ${withCode(fix)}${leaf !== undefined && html`; expression at <code>${visible(leaf)}</code>`}</p>
${rejects !== undefined && html`<p>${fileLink(rejects, file)} holds these records, to be corrected and imported again.</p>`}</div></div>
</details></li>`;
}

/** Text between backticks is code. */
function withCode(text: string): Html {
  const parts = visible(text).split("`");
  // One without its fellow is a sign as any other.
  if (parts.length % 2 === 0) return html`${visible(text)}`;
  return html`${parts.map((part, at) => (at % 2 === 0 ? part : html`<code>${part}</code>`))}`;
}

function samplesOf(group: RejectGroup, report: Report, file: string | undefined): Html {
  const { first, value, samples = [{ ...first, ...(value !== undefined && { value }) }] } = group;
  const hasNames = group.blueprint !== undefined && samples.some(({ identifier }) => identifier !== undefined);
  const hasLines = samples.some(({ rejectsLine }) => rejectsLine !== undefined);
  const row = ({ value, identifier, rejectsLine, ...place }: RejectSample): Html => {
    const path = report.rejectFiles.find(({ source }) => source === place.source)?.path;
    const line =
      path === undefined || rejectsLine === undefined
        ? ""
        : fileLink(path, file, html`line ${rejectsLine}<span class="hidden"> of the rejects file</span>`);
    const name =
      identifier === undefined || group.blueprint === undefined
        ? ""
        : // What cannot be an identifier leads nowhere.
          group.code === "identifier_invalid"
          ? html`${visible(identifier)}`
          : entityName(report.target, group.blueprint, identifier);
    return html`<tr><td data-label="Where">${visible(formatPlace(place))}</td><td data-label="Value">${value === undefined ? html`<span class="quiet">none</span>` : html`<code>${visible(value)}</code>`}</td>${hasNames && html`<td data-label="Entity">${name}</td>`}${hasLines && html`<td data-label="To correct">${line}</td>`}</tr>`;
  };
  return html`<table class="cards"><caption class="hidden">Examples</caption><thead><tr><th scope="col">Where</th><th scope="col">Value</th>${hasNames && html`<th scope="col">Entity</th>`}${hasLines && html`<th scope="col">To correct</th>`}</tr></thead><tbody>
${samples.map(row)}
</tbody></table>`;
}

function where({ blueprint, path }: Where): Html {
  return html`${[blueprint, path].filter((word) => word !== undefined).map((word) => html`<span class="where">${visible(word)}</span> `)}`;
}

/** A link to a file, relative to the page, or only its name where that is not known. @param text - what is shown in place of the path */
export function fileLink(path: string, page: string | undefined, text?: Html): Html {
  const shown = text ?? html`${visible(path)}`;
  if (page === undefined) return text ?? html`<code>${shown}</code>`;
  const from = resolve(page, "..");
  const steps = relative(from, resolve(path)).split(/[\\/]/);
  // Another drive has no way from here.
  const href = /^[a-z]:/i.test(steps[0] ?? "") ? pathToFileURL(path).href : steps.map(encodeURIComponent).join("/");
  return html`<a href="${href}">${shown}</a>`;
}

/** A link that leaves the page, which may be shown within another; the text alone where there is no address. */
export function outside(href: string | undefined, text: string): Html {
  const shown = visible(text);
  return href === undefined ? html`${shown}` : html`<a href="${href}" target="_blank" rel="noreferrer">${shown}</a>`;
}

/** An entity's identifier, as a link to its page. */
export function entityName(target: string | undefined, blueprint: string, identifier: string): Html {
  return outside(entityAddress(target, blueprint, identifier), identifier);
}
