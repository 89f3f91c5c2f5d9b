import { stackedBar } from "../../pages/charts.js";
import { baseCss, type Html, html, type Part, singlePage } from "../../pages/html.js";
import { percent, shareOf } from "../../plan/guards.js";
import { isDependent, type PlanEnd, type PlanOp } from "../../plan/plan-file.js";
import type { BlueprintChanges, FieldChanges, GuardFacts, PlanDigest } from "../../plan/show-plan.js";
import { quoted, visible } from "../../reject.js";
import type { Report } from "../report.js";
import { formatCount, formatNumber, keptWords } from "../words.js";
import { causeScript, reportCss } from "./html.js";
import { causesSection, entityName } from "./html-causes.js";
import { flowSection } from "./html-flow.js";
import { columnSection, factSection, warningSection } from "./html-sections.js";

/** A plan as its page shows it. */
export interface PlanPage {
  readonly report: Report;
  /** Absent where there is none: the run could not continue, or a guard refused. */
  readonly digest?: PlanDigest | undefined;
  readonly guards: GuardFacts;
  /** Why there is no plan, in the words of the terminal. */
  readonly refusal?: string | undefined;
  /** Where the plan file was written. */
  readonly out?: string | undefined;
}

const kinds = [
  ["create", "created", "+"],
  ["update", "updated", "~"],
  ["delete", "deleted", "-"],
] as const;
const maxValueChars = 300;
/** Entities with their fields, of one blueprint and kind, and in all. */
const maxOfKind = { create: 10, update: 100, delete: 100 };
const maxShown = 500;
/** Fields shown of one entity. */
const maxEntityFields = 40;
const maxFields = 30;

/** Writes a plan as one HTML page that loads nothing: what would be created, updated with old and new side by side, and deleted; what guards it; what failed. */
export function formatPlanHtml(page: PlanPage, file?: string): string {
  const { report, digest, guards, refusal, out } = page;
  const { tone, sentence } = planVerdict(page);
  const apply: readonly (readonly [string, Html])[] =
    out === undefined || digest === undefined
      ? []
      : [["to do exactly this", html`<code>portload apply ${visible(quoted(out))}</code>`]];
  return singlePage({
    title: `portload plan ${report.importId}`,
    css: baseCss + reportCss,
    ...(report.rejects.length > 0 && { script: causeScript }),
    content: html`<p class="quiet">portload plan, nothing was written · ${report.importId}</p>
<h1 class="verdict ${tone}">${sentence}</h1>
${refusal !== undefined && html`<div class="panel why"><pre>${visibleLines(refusal)}</pre></div>`}
${flowSection(report)}
${digest && changeSection(digest)}
${digest && fieldSection(digest.fields)}
${guardSection(page, guards)}
${digest && opsSection(digest, report.target)}
${causesSection(report, file)}
${warningSection(report)}
${columnSection(report)}
${factSection(report, apply)}`,
  });
}

function planVerdict({ digest, report }: PlanPage): {
  readonly tone: "good" | "bad" | "warn";
  readonly sentence: string;
} {
  const { end } = digest ?? {};
  if (end === undefined)
    return { tone: "bad", sentence: report.exitCode === 6 ? "No plan: refused by a guard." : "No plan." };
  const failed = end.rejected === 0 ? "" : ` ${formatNumber(end.rejected)} failed.`;
  const changes = end.create + end.update + end.delete;
  if (changes === 0)
    return {
      tone: failed === "" ? "good" : "warn",
      sentence: `No changes: ${formatCount(end.unchanged, "entity")} ${end.unchanged === 1 ? "is" : "are"} as the sources have ${end.unchanged === 1 ? "it" : "them"}${keptWords(report, ", except for")}.${failed}`,
    };
  return { tone: failed === "" ? "good" : "warn", sentence: `Plan: ${planWords(end)}.${failed}` };
}

function planWords({ create, update, delete: deleted, unchanged }: PlanEnd): string {
  return `${formatNumber(create)} to create, ${formatNumber(update)} to update, ${formatNumber(deleted)} to delete, ${formatNumber(unchanged)} unchanged`;
}

function changeSection({ blueprints }: PlanDigest): Html {
  if (blueprints.length === 0) return html``;
  const most = Math.max(...blueprints.map((of) => of.create + of.update + of.delete));
  return html`<section aria-labelledby="changes"><h2 id="changes">Changes by blueprint</h2>
<div class="panel"><table class="cards"><thead><tr><th scope="col">Blueprint</th><th scope="col"><span class="hidden">Share</span></th>${kinds.map(([op, tone]) => html`<th scope="col" class="number"><span class="key ${tone}"></span>${op}</th>`)}</tr></thead><tbody>
${blueprints.slice(0, 200).map(
  (of) =>
    html`<tr><th scope="row">${visible(of.blueprint)}</th><td data-label="" class="bars">${stackedBar(
      kinds.map(([op, tone]) => ({ label: op, value: of[op], tone })),
      most,
    )}</td>${kinds.map(([op]) => html`<td class="number" data-label="${op}">${formatNumber(of[op])}</td>`)}</tr>`,
)}
</tbody></table></div></section>`;
}

/** Which fields change, and from what to what: the part of a large plan that people read. */
function fieldSection(fields: readonly FieldChanges[]): Html {
  if (fields.length === 0) return html``;
  const most = fields[0]?.count ?? 1;
  return html`<section aria-labelledby="fields"><h2 id="fields">Fields that change</h2>
<div class="panel"><table class="cards"><thead><tr><th scope="col">Field</th><th scope="col"><span class="hidden">Share</span></th><th scope="col" class="number">entities</th><th scope="col">most often</th></tr></thead><tbody>
${fields.slice(0, maxFields).map(
  ({ blueprint, path, count, emptied, pairs }) =>
    html`<tr><th scope="row">${visible(path)} <span class="quiet">${visible(blueprint)}</span></th><td data-label="" class="bars">${stackedBar(
      [
        { label: "changed", value: count - emptied, tone: "updated" },
        { label: "emptied", value: emptied, tone: "rejected" },
      ],
      most,
    )}</td><td class="number" data-label="entities">${formatNumber(count)}</td><td data-label="most often">${pairs
      .filter(({ count: times }, at) => at === 0 || times > 1)
      .map(
        ({ before, after, count: times }, at) =>
          html`${at > 0 && html`<br>`}${valueHtml(before, 60)} → ${valueHtml(after, 60)} <span class="quiet">× ${formatNumber(times)}</span>`,
      )}${emptied > 0 && html`<br><span class="bad">${formatNumber(emptied)} emptied</span>`}</td></tr>`,
)}
</tbody></table></div>${fields.length > maxFields && html`<p class="quiet">and ${formatNumber(fields.length - maxFields)} more fields</p>`}</section>`;
}

function opsSection({ blueprints }: PlanDigest, target: string | undefined): Html {
  let left = maxShown;
  const parts = blueprints.flatMap((of) =>
    // What changes or is deleted is shown first.
    [kinds[1], kinds[2], kinds[0]].map(([op, , sign]) => {
      const own = of.ops.filter((one) => one.op === op).slice(0, Math.min(left, maxOfKind[op]));
      left -= own.length;
      return own.length === 0 ? "" : opsOf(of, op, sign, own, target);
    }),
  );
  return html`${parts}`;
}

function opsOf(
  of: BlueprintChanges,
  op: PlanOp["op"],
  sign: string,
  own: readonly PlanOp[],
  target: string | undefined,
): Html {
  const id = `${op}-${of.blueprint}`.replaceAll(/[^\w-]/g, "_");
  const more = of[op] - own.length;
  const heads = { create: ["What it gets"], update: ["Field", "Now", "After"], delete: ["What it held"] }[op];
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${visible(of.blueprint)}: ${formatNumber(of[op])} to ${op}</h2>
<div class="panel"><table class="cards change of-${op}"><thead><tr><th scope="col">Entity</th>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
${own.map((one) => opHtml(one, sign, target))}
</table></div>${more > 0 && html`<p class="quiet">and ${formatNumber(more)} more; portload plan --out writes them all</p>`}</section>`;
}

function opHtml(op: PlanOp, sign: string, target: string | undefined): Html {
  const given = op.op === "delete" ? op.before.identifier : op.entity.identifier;
  const title = op.op === "delete" ? op.before.title : (op.title ?? op.entity.title);
  const name =
    typeof given !== "string"
      ? html`the entity that <code>${visible(JSON.stringify(given))}</code> finds`
      : op.op === "create"
        ? html`${visible(given)}`
        : entityName(target, op.blueprint, given);
  const remark = op.op === "delete" ? isDependent(op) && "deleted with what it relates to" : op.rejected?.message;
  const rows: readonly (readonly Part[])[] =
    op.op === "update"
      ? op.changes.map(({ path, before, after }) => [visible(path), valueHtml(before), valueHtml(after)])
      : [[foldedFields(op)]];
  const classes = op.op === "update" ? ["", "old", "new"] : [""];
  const labels = op.op === "update" ? ["", "now", "after"] : [""];
  const blank = classes.map((): Part => "");
  const more = rows.length - maxEntityFields;
  const rest = more > 0 ? [[`and ${more} more fields`, ...blank.slice(1)]] : [];
  const shown = rows.length === 0 ? [blank] : [...rows.slice(0, maxEntityFields), ...rest];
  const head = html`<th scope="rowgroup" rowspan="${shown.length}"><span class="sign" aria-hidden="true">${sign}</span>${name}${typeof title === "string" && title !== given && html` <span class="quiet">${visible(title)}</span>`}${remark !== undefined && remark !== false && html`<br><span class="warn">${visible(remark)}</span>`}</th>`;
  return html`<tbody>${shown.map(
    (cells, at) =>
      html`<tr class="${at === 0 ? "first" : ""}${at === shown.length - 1 ? " last" : ""}">${at === 0 && head}${cells.map((cell, index) => html`<td class="${cell === "" ? "" : (classes[index] ?? "")}" data-label="${labels[index] ?? ""}">${cell}</td>`)}</tr>`,
  )}</tbody>
`;
}

/** All fields of what is created or deleted, folded: mostly the names are read. */
function foldedFields(op: Exclude<PlanOp, { op: "update" }>): Html {
  const fields = fieldsOf(op.op === "delete" ? op.before : op.entity);
  if (fields.length === 0) return html`<span class="quiet">no fields</span>`;
  const tone = op.op === "delete" ? "old" : "new";
  const more = fields.length - maxEntityFields;
  const row = ([path, value]: readonly [string, unknown]): Html =>
    html`<tr><th scope="row">${visible(path)}</th><td class="${tone}">${valueHtml(value)}</td></tr>`;
  return html`<details><summary>${fields.length === 1 ? "1 field" : `${formatNumber(fields.length)} fields`}</summary><table class="held"><tbody>${fields.slice(0, maxEntityFields).map(row)}</tbody></table>${more > 0 && html`<p class="quiet">and ${formatNumber(more)} more</p>`}</details>`;
}

/** Fields of an entity that hold something, title and the like first. */
function fieldsOf(entity: { readonly [K in "icon" | "team" | "properties" | "relations"]?: unknown }) {
  const group = (name: "properties" | "relations"): [path: string, value: unknown][] =>
    Object.entries((entity[name] ?? {}) as Readonly<Record<string, unknown>>).map(([key, value]) => [
      `${name}.${key}`,
      value,
    ]);
  const all: [path: string, value: unknown][] = [
    ["icon", entity.icon],
    ["team", entity.team],
    ...group("properties"),
    ...group("relations"),
  ];
  return all.filter(
    ([, value]) => value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0),
  );
}

function valueHtml(value: unknown, most = maxValueChars): Html {
  if (value === undefined || value === null) return html`<span class="quiet">none</span>`;
  const text = visible(typeof value === "string" ? value : JSON.stringify(value));
  return html`<code>${text.length > most ? `${text.slice(0, most - 1)}…` : text}</code>`;
}

function guardSection({ digest }: PlanPage, { emptyingShare, judged, prunes }: GuardFacts): Html {
  const emptied = (digest?.fields ?? []).filter((field) => field.emptied > 0);
  const rows: (readonly [string, Html])[] = [
    [
      "emptying",
      emptyingShare === undefined
        ? html`allowed by --allow-emptying: ${emptiedWords(emptied)}`
        : html`a field may be emptied in at most ${percent(emptyingShare)} of the entities that have a value in it, and in nine always: ${emptiedWords(emptied)}`,
    ],
    ...(prunes
      ? (judged?.deletions ?? []).map((one): readonly [string, Html] => [
          `deletions of ${visible(one.blueprint)}`,
          html`${formatNumber(one.deletions)} of ${formatNumber(one.owned)} owned (${percent(shareOf(one))}); at most ${formatNumber(judged?.limits.count ?? 0)} and ${percent(judged?.limits.share ?? 0)} are allowed${(one.deleted ?? 0) > 0 && `; ${formatNumber(one.deleted ?? 0)} of them went with earlier runs`}`,
        ])
      : [["deletions", html`not asked for (--prune)`] as const]),
  ];
  return html`<section aria-labelledby="guards"><h2 id="guards">Guards</h2>
<div class="panel"><table class="pairs cards"><tbody>${rows.map(([name, words]) => html`<tr><th scope="row">${name}</th><td>${words}</td></tr>`)}</tbody></table></div></section>`;
}

function emptiedWords(fields: readonly FieldChanges[]): string {
  if (fields.length === 0) return "no value goes";
  return fields
    .slice(0, 20)
    .map(({ blueprint, path, emptied }) => `${visible(blueprint)} ${visible(path)} in ${formatNumber(emptied)}`)
    .join(", ");
}

function visibleLines(text: string): string {
  return text.split("\n").map(visible).join("\n");
}
