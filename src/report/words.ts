import type { Mode } from "../entity.js";
import { namedCommand, type RejectCode } from "../reject.js";
import { type EntityCounts, writtenInPart } from "./counts.js";
import type { RejectGroup, WarningGroup } from "./group-causes.js";

/** Made when the first number is shown: it loads the tables of languages. */
let numbers: Intl.NumberFormat | undefined;

/** Writes a number with its thousands separated, to one decimal: `12,345.6`. */
export function formatNumber(value: number): string {
  numbers ??= new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });
  return numbers.format(value);
}

/** Writes a number with its noun, singular for one: `1 entity`, `2,000 entities`. */
export function formatCount(value: number, noun: keyof typeof plurals): string {
  return `${formatNumber(value)} ${value === 1 ? noun : plurals[noun]}`;
}

/** What became of entities, each outcome with its number. */
export function entityWords(counts: EntityCounts, mode: Mode): string {
  const words: [number, string][] = [
    [counts.created, "created"],
    [counts.updated, wordOf(mode)],
    [counts.unchanged, "unchanged"],
    [counts.duplicate, "duplicate"],
    [counts.deleted, "deleted"],
    [counts.rejected, `failed${inPartWords(counts)}`],
    [counts.notAttempted, "not attempted"],
  ];
  return tail(words).slice(2) || "nothing written";
}

/** The word for what was updated. */
export function wordOf(mode: Mode): string {
  return mode === "override" ? "overridden" : "merged";
}

/** Numbers with their words, each after a comma; none of what is zero. */
export function tail(words: readonly [number, string][]): string {
  return words
    .filter(([number]) => number > 0)
    .map(([number, word]) => `, ${formatNumber(number)} ${word}`)
    .join("");
}

/** What failed, records and entities apart, as the ledger counts them. */
export function failedWords({
  records,
  entities,
}: {
  readonly records: { readonly rejected: number };
  readonly entities: { readonly rejected: number };
}): string {
  const words = [
    ...(records.rejected > 0 ? [formatCount(records.rejected, "record")] : []),
    ...(entities.rejected > 0 ? [formatCount(entities.rejected, "entity")] : []),
  ];
  return `${words.join(" and ") || "0"} failed`;
}

/** How many records that are, where some could not be mapped and entities of others were refused: each such record is in a rejects file once. */
export function failedOf({
  records,
  entities,
  rejectFiles,
}: {
  readonly records: { readonly read: number; readonly rejected: number };
  readonly entities: { readonly rejected: number };
  readonly rejectFiles: readonly { readonly records: number }[];
}): string {
  const failed = rejectFiles.reduce((total, file) => total + file.records, 0);
  const isBoth = records.rejected > 0 && entities.rejected > 0 && failed > records.rejected;
  return isBoth ? ` (${formatNumber(failed)} of ${formatCount(records.read, "record")})` : "";
}

/** Of those that failed, how many the catalog holds all the same. */
function inPartWords(counts: EntityCounts): string {
  const inPart = writtenInPart(counts);
  if (inPart === 0) return "";
  const who = inPart === counts.rejected ? "" : `${formatNumber(inPart)} of them `;
  return ` (${who}written without what failed)`;
}

/** How many entities the catalog holds as the sources have them, and how many without what failed of them; of an undo, what it took back. */
export function settledWords(
  run: Warned & { readonly command: string; readonly dryRun: boolean; readonly entities: EntityCounts },
): string {
  const { command, dryRun, entities } = run;
  const settled = entities.created + entities.updated + entities.unchanged;
  if (command === "undo")
    return `${formatCount(settled, "entity")} put back, ${formatNumber(entities.deleted)} deleted`;
  const inPart = writtenInPart(entities);
  const are = (count: number): string => (dryRun ? "would be" : count === 1 ? "is" : "are");
  if (settled === 0 && inPart > 0)
    return `${formatCount(inPart, "entity")} ${are(inPart)} in the catalog without what failed`;
  const more = inPart === 0 ? "" : `, ${formatNumber(inPart)} more ${are(inPart)} there without what failed`;
  return `${formatCount(settled, "entity")} ${are(settled)} in the catalog as the ${command === "apply" ? "plan has" : "sources have"} ${settled === 1 ? "it" : "them"}${keptWords(run, ", except for")}${more}`;
}

interface Warned {
  readonly warnings: readonly Pick<WarningGroup, "code" | "count">[];
}

/** How many values stay in the catalog that the sources do not have; nothing where none does. */
export function keptWords({ warnings }: Warned, lead: string): string {
  const kept = warnings.reduce((sum, { code, count }) => (code === "value_kept" ? sum + count : sum), 0);
  return kept === 0 ? "" : `${lead} ${formatCount(kept, "value")} that the sources do not have`;
}

/** What a sync whose prune was refused did all the same; nothing of other runs. */
export function unprunedWords(run: Parameters<typeof failedWords>[0] & Parameters<typeof settledWords>[0]): string {
  if (run.command !== "sync" || run.entities.deleted > 0) return "";
  const failed = run.records.rejected + run.entities.rejected === 0 ? "" : `${failedWords(run)}, `;
  return `: nothing is deleted; ${failed}${settledWords(run)}`;
}

const plurals = {
  record: "records",
  entity: "entities",
  request: "requests",
  retry: "retries",
  warning: "warnings",
  value: "values",
  cause: "causes",
  blueprint: "blueprints",
  test: "tests",
} as const;

/** Writes a duration for people: `840 ms`, `12.3 s`, `4 min 5 s`, `2 h 3 min`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${formatNumber(ms / 1000)} s`;
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Writes a place as people look it up: `services.csv:88, record 87`. */
export function formatPlace({ source, line, position }: { source: string; line?: number; position: number }): string {
  return `${line === undefined ? source : `${source}:${line}`}, record ${formatNumber(position)}`;
}

/** Writes the place of a cause's first reject, and which entity it is where that is known: `services.csv:88, record 87, service/checkout`. */
export function formatFirst({
  blueprint,
  code,
  first,
  samples = [],
}: Pick<RejectGroup, "blueprint" | "code" | "first" | "samples">): string {
  const { identifier } =
    samples.find(({ source, position }) => source === first.source && position === first.position) ?? {};
  // What cannot be an identifier names nothing.
  if (identifier === undefined || code === "identifier_invalid") return formatPlace(first);
  const name = `${blueprint === undefined ? "" : `${blueprint}/`}${identifier}`;
  // What an undo leaves as it is has no record.
  return code === "changed_since" || code === "before_unknown" ? name : `${formatPlace(first)}, ${name}`;
}

/** Dresses text for a terminal, or leaves it plain. */
export type Paint = (tone: keyof typeof tones, text: string) => string;

/** Makes a {@link Paint}; without colour it gives the text back as it is. */
export function makePaint(color: boolean): Paint {
  return (tone, text) => (color ? `\u001b[${tones[tone]}m${text}\u001b[0m` : text);
}

const tones = { good: 32, bad: 31, warn: 33, faint: 2, strong: 1 } as const;

/** What to do about each reject, in a few words. */
export const advice = {
  ragged_row:
    "give the row as many cells as the header has; quote cells that hold the delimiter; or set source.csv.shortRows: pad, longRows: drop",
  bad_text: "correct the byte, or name the source's encoding, such as source.encoding: windows-1252",
  unclosed_quote: "close the quote, or set source.csv.quote: false where quotes are plain text",
  bad_quote:
    "double a quote within a quoted cell, or set source.csv.quotes: lenient, or quote: false where quotes are plain text",
  bad_json: "correct the line: one complete JSON object",
  bad_yaml: "correct the document",
  not_an_object: "make the record a JSON object",
  nested_too_deep: "flatten the record; no mapping needs that depth",
  record_too_large: "shorten the record, or raise source.maxRecordBytes in the mapping",
  selector_not_boolean: "make selector.query of the mapping give true or false for every record",
  items_not_array: "make itemsToParse of the mapping give an array, or null for none",
  column_invalid: "correct the cell, or the format of its column in the mapping",
  expression_error: "correct the record, or let the expression of the mapping expect such a value",
  identifier_missing: "fill the cells the identifier is made of, or let selector.query leave such records out",
  blueprint_missing: "fill the cells the blueprint is made of, or let selector.query leave such records out",
  unknown_blueprint: "create the blueprint, or correct the name that the expression gives",
  unknown_property: "add it to the blueprint, or take it out of the mapping",
  identifier_invalid: "change the value, or let the expression of the identifier replace what Port does not allow",
  wrong_type: "correct the value, or add it to the blanks of its source in the mapping",
  not_in_enum: "correct the value, or add it to the enum of the blueprint",
  out_of_bounds: "correct the value, or the bound in the blueprint",
  bad_format: "correct the value, or add it to the blanks of its source in the mapping",
  required_missing: "fill the value, or give it a default in the mapping with //",
  relation_invalid: "give one identifier, or a list of them where the relation takes many",
  title_invalid: "give text; a team may be a list of texts",
  entity_too_large: "shorten the record's longest values",
  duplicate_differs: "keep one of the two records, or set duplicates in the mapping to first",
  duplicate_conflict: "correct one of the records, or set duplicates in the mapping to first",
  part_rejected: "correct the other record, then retry both; or import with --mode merge",
  not_in_catalog: "correct the identifier, or import without --update-only",
  already_exists: "import with --mode merge or override, or take the record out",
  relation_target_missing: "import the target first, or correct the identifier",
  relation_target_rejected: "correct the record of the target, then import both again",
  refused_by_api: "correct what the message names; the trace id in reasons.ndjson helps Port's support",
  no_verdict: "import the record again; the trace id in reasons.ndjson helps Port's support",
  changed_since: "put it right by hand; portload entity get <blueprint> <identifier> shows it",
  before_unknown:
    "import its values as they were, or put it right by hand (portload entity get <blueprint> <identifier> shows it); from now on import with --keep-before",
} as const satisfies Record<RejectCode, string>;

/** A fix within a message: its last part. */
const ownFix =
  /; ((?:write|if it means no value, write|say|did you mean|take that back first:|to delete it all the same:) .*)$/s;

/** What is wrong, and what to do about it: the fix that fits the value, which ends the message, else the one of the code. */
export function faultAndFix({
  code,
  message,
  blueprint,
  samples,
}: Pick<RejectGroup, "code" | "message" | "blueprint" | "samples">): { readonly fault: string; readonly fix: string } {
  const own = ownFix.exec(message);
  const fix = own?.[1] ?? advice[code];
  const identifier = samples?.[0]?.identifier;
  return {
    fault: own === null ? message : message.slice(0, own.index),
    fix: blueprint === undefined || identifier === undefined ? fix : namedCommand(fix, blueprint, identifier),
  };
}
