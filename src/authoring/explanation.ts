import type { Finding, Reject } from "../reject.js";
import type { Warning } from "../warning.js";
import type { LeafTrace } from "./trace-records.js";

/** All that portload makes of one record. */
export interface Explanation {
  /** The source as people know it. */
  readonly source: string;
  readonly kind: string;
  readonly position: number;
  readonly line?: number;
  /** The record as read: cells by column, or the JSON value. Absent when it could not be read. */
  readonly record?: unknown;
  /** What the expressions see, where that differs from the record: blanks are null, columns read by their formats. */
  readonly sees?: unknown;
  /** Why the reader refused it. */
  readonly unread?: Reject;
  readonly candidates: readonly ExplainedCandidate[];
  readonly warnings: readonly Warning[];
  /** Whether the catalog was asked, and if not why. */
  readonly catalog: { readonly asked: true; readonly url: string } | { readonly asked: false; readonly why: string };
}

/** A candidate of the record: what each expression gave and what became of it. */
export interface ExplainedCandidate {
  /** Index of the mapping's resource, from 0. */
  readonly resource: number;
  readonly blueprint?: string;
  /** Index of the element of itemsToParse, from 0; absent without it, and where it gave none. */
  readonly item?: number;
  readonly leaves: readonly LeafTrace[];
  readonly fate: "entity" | "skipped" | "rejected";
  /** Why it is skipped. */
  readonly why?: string;
  /** At which stage it is rejected, and every fault. */
  readonly rejected?: { readonly stage: Reject["stage"]; readonly findings: readonly Finding[] };
  /** Fields that the blueprint's types changed. */
  readonly typed?: readonly { readonly path: string; readonly from: unknown; readonly to: unknown }[];
  /** The entity as it would be sent; typed where blueprints are known. */
  readonly payload?: unknown;
  readonly held?: HeldEntity;
}

/** What the catalog holds of an entity, and what a write would change. */
export interface HeldEntity {
  /** `search`: the identifier is a search query, so that only the API knows the entity. */
  readonly is: "absent" | "held" | "search";
  readonly mode: string;
  readonly changes: readonly { readonly path: string; readonly before: unknown; readonly after: unknown }[];
  /** Relation targets that are not in the catalog now. */
  readonly missingTargets: readonly {
    readonly path: string;
    readonly blueprint: string;
    readonly identifier: string;
  }[];
}

/** Writes an explanation for people: the record, then each candidate from its expressions to what the catalog holds. Values are shortened except for the payload, and shown as they are. */
export function formatExplanation(explanation: Explanation): string {
  const { source, kind, position, line, record, sees, unread, candidates, warnings, catalog } = explanation;
  const parts = [
    `${source} record ${position}${line === undefined ? "" : ` (line ${line})`}, kind ${kind}`,
    ...(unread === undefined ? [] : [section("refused by the reader", findingLines([unread, ...(unread.also ?? [])]))]),
    ...(record === undefined ? [] : [section("record", recordLines(record, sees))]),
    ...candidates.map(candidateText),
    ...(warnings.length === 0
      ? []
      : [
          section(
            "warnings",
            warnings.map(({ code, message, path }) => [path ?? "", `${code}: ${message}`]),
          ),
        ]),
    catalog.asked ? `catalog   ${catalog.url}` : `catalog   not asked: ${catalog.why}`,
  ];
  return `${parts.join("\n\n")}\n`;
}

type Row = readonly [name: string, text: string];

/** A title, and rows in two columns. */
function section(title: string, rows: readonly Row[]): string {
  const width = Math.min(40, Math.max(0, ...rows.map(([name]) => name.length)));
  return [title, ...rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`.trimEnd())].join("\n");
}

function recordLines(record: unknown, sees: unknown): Row[] {
  if (typeof record !== "object" || record === null) return [["", show(record)]];
  return Object.entries(record).map(([key, value]) => {
    const seen = typeof sees === "object" && sees !== null ? (sees as Record<string, unknown>)[key] : value;
    const differs = sees !== undefined && JSON.stringify(seen) !== JSON.stringify(value);
    return [key, `${show(value)}${differs ? `  read as ${show(seen)}` : ""}`];
  });
}

function candidateText(candidate: ExplainedCandidate): string {
  const { resource, blueprint, item, leaves, fate, why, rejected, typed = [], payload, held } = candidate;
  const title = `resource ${resource} → ${blueprint ?? "(blueprint from the record)"}${item === undefined ? "" : `, item ${item}`}`;
  const parts = [section(title, leaves.map(leafRow))];
  if (typed.length > 0)
    parts.push(
      section(
        "  typed by the blueprint",
        typed.map(({ path, from, to }) => [`  ${path}`, `${show(from)} → ${show(to)}`]),
      ),
    );
  if (fate === "skipped") parts.push(`  skipped: ${why ?? "the selector is false"}`);
  if (rejected !== undefined)
    parts.push(
      section(
        `  rejected at ${rejected.stage}`,
        findingLines(rejected.findings).map(([name, text]) => [`  ${name}`, text]),
      ),
    );
  if (payload !== undefined) parts.push(`  payload\n${indent(JSON.stringify(payload, null, 2), 4)}`);
  if (held !== undefined) parts.push(heldText(held));
  return parts.join("\n");
}

function leafRow({ path, line, expression, outputs, error }: LeafTrace): Row {
  const name = path.replace(/^resources\.\d+\./, "").replace(/^port\.(?:entity\.mappings\.)?/, "");
  const [first, ...others] = outputs;
  const gave =
    error !== undefined && outputs.length === 0
      ? `failed: ${error}`
      : outputs.length === 0
        ? "no output, which counts as null"
        : `${show(first)}${others.length === 0 ? "" : `  (the first of ${others.length + 1} outputs counts)`}`;
  return [name, `${expression.replaceAll(/\s+/g, " ")}  →  ${gave}${line === undefined ? "" : `   :${line}`}`];
}

function findingLines(
  findings: readonly {
    readonly code: string;
    readonly message: string;
    readonly path?: string;
    readonly value?: string;
  }[],
): Row[] {
  return findings.map(({ code, message, path = "", value }) => [
    path,
    `${code}: ${message}${value === undefined ? "" : `  (${value})`}`,
  ]);
}

function heldText({ is, mode, changes, missingTargets }: HeldEntity): string {
  const targets = missingTargets.map(
    ({ path, blueprint, identifier }): Row => [`  ${path}`, `${blueprint} "${identifier}" is not in the catalog now`],
  );
  const lost = targets.length === 0 ? "" : `\n${section("  relation targets", targets)}`;
  if (is === "search") return `  in the catalog: only the API can find an entity by a search${lost}`;
  if (is === "absent") return `  in the catalog: not there; it would be created${lost}`;
  if (changes.length === 0) return `  in the catalog: there, and a write in mode ${mode} would change nothing${lost}`;
  const rows = changes.map(({ path, before, after }): Row => [`  ${path}`, `${show(before)} → ${show(after)}`]);
  return `${section(`  in the catalog: there; a write in mode ${mode} would change`, rows)}${lost}`;
}

/** Most characters of a value in a line. */
const maxShown = 120;

/** A value as JSON has it, so that text differs from what looks like it. */
function show(value: unknown): string {
  const text = value === undefined ? "(nothing)" : JSON.stringify(value);
  return text.length > maxShown ? `${text.slice(0, maxShown - 1).replace(/[\uD800-\uDBFF]$/, "")}…` : text;
}

function indent(text: string, columns: number): string {
  return text.replaceAll(/^/gm, " ".repeat(columns));
}
