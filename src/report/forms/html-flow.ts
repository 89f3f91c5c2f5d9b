import { type FlowColumn, type FlowLink, flowChart } from "../../pages/flow.js";
import { type Html, html } from "../../pages/html.js";
import { visible } from "../../reject.js";
import type { EntityCounts } from "../counts.js";
import type { Report } from "../report.js";
import { formatCount, formatNumber } from "../words.js";

/** Most blocks of one column; further ones are taken together. */
const maxBlocks = 7;

/** The ends of an entity in the order of the pages, each with its word. */
export function endsOf(report: Report): readonly (readonly [end: End, word: string])[] {
  return [
    ["created", report.dryRun ? "would be created" : "created"],
    ["updated", report.dryRun ? "would be updated" : "updated"],
    ["unchanged", "unchanged"],
    ["duplicate", "duplicate"],
    ["rejected", "failed"],
    ["notAttempted", "not attempted"],
  ];
}

/** How an entity ends. */
export type End = Exclude<keyof EntityCounts, "mapped" | "deleted" | "createdInPart" | "updatedInPart">;

/** What was made of what: drawn where there is room, else in words. */
export function flowSection(report: Report): Html {
  return html`<section aria-labelledby="flow"><h2 id="flow">What was made of what</h2>
<div class="panel flow wide">${reportFlow(report)}</div>
<ul class="narrow panel words">${flowWords(report).map((words) => html`<li>${words}</li>`)}</ul>
</section>`;
}

/** What was made of what: sources, records, entities by blueprint, outcomes. The widths are the ledger's. */
function reportFlow(report: Report): Html {
  const { records } = report;
  const blueprints = atMost(
    Object.entries(report.blueprints).map(([id, counts]) => ({ id, label: visible(id), counts })),
  );
  const sources = sourcesOf(report);
  const columns: FlowColumn[] = [
    { unit: "records", nodes: sources.map((one) => ({ ...one, amount: formatCount(one.value, "record") })) },
    {
      unit: "records",
      nodes: (["mapped", "skipped", "rejected"] as const).map((end) => ({
        id: `record ${end}`,
        label: end === "rejected" ? "failed" : end,
        amount: formatCount(records[end], "record"),
        value: records[end],
        tone: end,
      })),
    },
    {
      unit: "entities",
      nodes: blueprints.map(({ id, label, counts }) => ({
        id: `blueprint ${id}`,
        label,
        amount: formatCount(counts.mapped, "entity"),
        value: counts.mapped,
      })),
    },
    {
      unit: "entities",
      nodes: endsOf(report).map(([end, label]) => ({
        id: `end ${end}`,
        label,
        amount: formatCount(report.entities[end], "entity"),
        value: report.entities[end],
        tone: end,
      })),
    },
  ];
  const entities = Math.max(1, report.entities.mapped);
  const links: FlowLink[] = [
    ...recordLinks(report, sources),
    ...blueprints.map(({ id, counts }) => ({
      source: "record mapped",
      target: `blueprint ${id}`,
      from: (records.mapped * counts.mapped) / entities,
      to: counts.mapped,
    })),
    ...blueprints.flatMap(({ id, counts }) =>
      endsOf(report).map(([end]) => ({
        source: `blueprint ${id}`,
        target: `end ${end}`,
        from: counts[end],
        to: counts[end],
        tone: end,
      })),
    ),
  ];
  return flowChart(columns, links, flowWords(report).join(" "));
}

/** The flow in words, a sentence for each step of it. */
function flowWords(report: Report): readonly string[] {
  const { records } = report;
  const parts = [
    `${formatNumber(records.mapped)} mapped`,
    `${formatNumber(records.skipped)} skipped`,
    `${formatNumber(records.rejected)} failed`,
  ];
  const ends = (counts: EntityCounts): string =>
    endsOf(report)
      .filter(([end]) => counts[end] > 0)
      .map(([end, word]) => `${formatNumber(counts[end])} ${word}`)
      .join(", ");
  return [
    `${formatCount(records.read, "record")} read: ${parts.join(", ")}.`,
    ...Object.entries(report.blueprints)
      .slice(0, 50)
      .map(([id, counts]) => `${formatCount(counts.mapped, "entity")} of ${visible(id)}: ${ends(counts) || "none"}.`),
  ];
}

function sourcesOf({ sources, records }: Report): { id: string; label: string; value: number }[] {
  const known = (sources ?? []).filter((source) => source.records > 0);
  const counted = known.reduce((sum, source) => sum + source.records, 0);
  // After a resume this process has read a part only: the chart shows the import as a whole.
  if (known.length === 0 || counted !== records.read)
    return [{ id: "source", label: "records read", value: records.read }];
  const shown = known
    .toSorted((a, b) => b.records - a.records)
    .slice(0, known.length <= maxBlocks ? maxBlocks : maxBlocks - 1);
  const rest = counted - shown.reduce((sum, source) => sum + source.records, 0);
  const all = shown.map(({ name, records }, index) => ({ id: `source ${index}`, label: nameOf(name), value: records }));
  return rest === 0
    ? all
    : [...all, { id: "source rest", label: `${known.length - shown.length} more sources`, value: rest }];
}

/** The report does not count ends of records by source; each source gives its share of every end. */
function recordLinks({ records }: Report, sources: readonly { id: string; value: number }[]): FlowLink[] {
  return sources.flatMap(({ id, value }) =>
    (["mapped", "skipped", "rejected"] as const).map((end) => {
      const share = (value * records[end]) / Math.max(1, records.read);
      return { source: id, target: `record ${end}`, from: share, to: share, tone: end };
    }),
  );
}

interface BlueprintBlock {
  readonly id: string;
  readonly label: string;
  readonly counts: EntityCounts;
}

function atMost(all: readonly BlueprintBlock[]): readonly BlueprintBlock[] {
  const sorted = all.toSorted((a, b) => b.counts.mapped - a.counts.mapped);
  if (sorted.length <= maxBlocks) return sorted;
  const [first, ...rest] = sorted.slice(maxBlocks - 1);
  if (first === undefined) return sorted;
  const counts = rest.reduce((sum, { counts: more }) => added(sum, more), first.counts);
  return [...sorted.slice(0, maxBlocks - 1), { id: "\0rest", label: `${rest.length + 1} more blueprints`, counts }];
}

function added(a: EntityCounts, b: EntityCounts): EntityCounts {
  return {
    mapped: a.mapped + b.mapped,
    created: a.created + b.created,
    updated: a.updated + b.updated,
    unchanged: a.unchanged + b.unchanged,
    duplicate: a.duplicate + b.duplicate,
    rejected: a.rejected + b.rejected,
    notAttempted: a.notAttempted + b.notAttempted,
    deleted: a.deleted + b.deleted,
  };
}

function nameOf(path: string): string {
  return visible(path.split(/[\\/]/).at(-1) || path);
}
