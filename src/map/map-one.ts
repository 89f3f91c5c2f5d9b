import type { Remains } from "../chunk.js";
import type { Candidate, RawFields } from "../entity.js";
import type { SourceRecord } from "../record.js";
import type { Finding, Reject } from "../reject.js";
import { type BoundField, type BoundResource, type FieldGroup, withoutFields } from "./bind.js";
import type { Struck } from "./columns-apply.js";
import type { CompiledMapping } from "./compile-mapping.js";
import type { JqRow } from "./jq-compile.js";
import { nearestColumn, pathTo } from "./missing-columns.js";
import type { ChunkNotes } from "./notes.js";
import { leadingPath } from "./plain.js";

/** The one reject of a candidate: the first finding leads, the others are in `also`. */
export function rejectOf(
  bound: BoundResource,
  record: SourceRecord,
  item: number,
  findings: readonly Finding[],
  known: { readonly blueprint?: unknown; readonly identifier?: unknown } = {},
): Reject {
  const [first, ...also] = findings as [Finding, ...Finding[]];
  const { blueprint = bound.compiled.resource.blueprint, identifier } = known;
  return {
    ...first,
    stage: "map",
    at: record.at,
    ...(record.span === undefined ? {} : { span: record.span }),
    resource: bound.compiled.resource.index,
    item,
    ...(typeof blueprint === "string" && blueprint !== "" ? { blueprint } : {}),
    ...(typeof identifier === "string" && identifier !== "" ? { identifier } : {}),
    ...(also.length > 0 ? { also } : {}),
  };
}

/** Where candidates and rejects of a chunk are gathered. */
export interface Out {
  readonly compiled: CompiledMapping;
  readonly notes: ChunkNotes;
  readonly candidates: Candidate[];
  readonly rejects: Reject[];
  /** What could be made of those that are refused for single fields. */
  readonly remains: Remains<Candidate>[];
}

/** Maps one candidate: a record (or one element of its array) through a resource. It is skipped, rejected, or emitted. */
export function mapOne(
  out: Out,
  bound: BoundResource,
  record: SourceRecord,
  root: unknown,
  row: JqRow | undefined,
  item: number,
  struck?: Struck,
): void {
  const { notes } = out;
  const { compiled } = bound;
  notes.begin(record.at, compiled.resource.blueprint);
  if (struck !== undefined && struck.selector.length > 0) {
    out.rejects.push(rejectOf(bound, record, item, struck.selector));
    return;
  }
  // Absent where it is always true.
  if (bound.selector !== undefined) {
    const counts = bound.selector(root, row, notes);
    if (counts === false) return;
    if (counts !== true) {
      const failure = notes.failureOf(compiled.selectorLeaf);
      const findings =
        notes.findings.length > 0
          ? notes.findings
          : [
              notes.finding(
                "selector_not_boolean",
                compiled.selectorLeaf,
                failure ?? "selector.query gave neither true nor false",
                counts,
              ),
            ];
      out.rejects.push(rejectOf(bound, record, item, findings));
      return;
    }
  }
  if (struck === undefined || struck.entity.length === 0) mapFields(out, bound, record, root, row, item);
  else mapFields(out, withoutFields(bound, struck.fields), record, root, row, item, struck);
}

/** Evaluates the fields of an entity. Without `struck` it may be emitted; else it is refused, and its other faults are searched for. */
function mapFields(
  out: Out,
  bound: BoundResource,
  record: SourceRecord,
  root: unknown,
  row: JqRow | undefined,
  item: number,
  struck?: Struck,
): void {
  const { notes } = out;
  const blueprint = typeof bound.blueprint === "string" ? bound.blueprint : bound.blueprint(root, row, notes);
  const identifier = bound.identifier(root, row, notes);
  const fields: Writable = {
    identifier,
    properties: valuesOf(bound.properties, root, row, notes),
    relations: valuesOf(bound.relations, root, row, notes),
  };
  // Title, icon and team.
  for (const { key, read, onNull } of bound.rest) {
    const value = read(root, row, notes);
    if (value !== null || onNull === "clear") fields[key as "title"] = value;
  }
  if (bound.refusesNull) notes.findings.push(...refusedNulls(bound, fields));
  const missing = identifier === null || identifier === undefined || identifier === "";
  const isSound = !missing && notes.findings.length === 0 && struck === undefined;
  if (isSound && typeof blueprint === "string" && blueprint !== "") {
    out.candidates.push(candidateOf(bound, record, item, blueprint, fields));
    return;
  }
  const own = [...notes.findings, ...missingOnes(out, bound, record, { identifier, blueprint }, struck?.fields)];
  const reject = rejectOf(bound, record, item, [...(struck?.entity ?? []), ...own], { identifier, blueprint });
  out.rejects.push(reject);
  if (typeof blueprint !== "string" || blueprint === "") return;
  const unknown = new Set([...(struck?.fields ?? []), ...own.map(({ path = "" }) => fieldAt(bound, path))]);
  if (missing) unknown.add("identifier");
  out.remains.push({ reject, item: candidateOf(bound, record, item, blueprint, fields), unknown });
}

function candidateOf(
  { compiled: { resource } }: BoundResource,
  { at, span }: SourceRecord,
  item: number,
  blueprint: string,
  fields: RawFields,
): Candidate {
  const { index } = resource;
  return span === undefined
    ? { at, resource: index, item, blueprint, fields }
    : { at, span, resource: index, item, blueprint, fields };
}

/** The field that a finding of this stage is about, as check names it. */
function fieldAt({ compiled: { resource } }: BoundResource, path: string): string {
  const base = `resources.${resource.index}.port.entity.mappings.`;
  const own = path.startsWith(base) ? path.slice(base.length) : path;
  const named = [
    ...resource.properties.map((key) => `properties.${key}`),
    ...resource.relations.map((key) => `relations.${key}`),
    ...["identifier", "blueprint", "title", "icon", "team"],
  ];
  return named.find((each) => each === own) ?? named.find((each) => own.startsWith(`${each}.`)) ?? own;
}

const noValues: Readonly<Record<string, unknown>> = Object.freeze({});

/** The values of named fields; a null is left undefined unless the field is to be cleared. */
function valuesOf(
  { fields, template }: FieldGroup,
  root: unknown,
  row: JqRow | undefined,
  notes: ChunkNotes,
): Readonly<Record<string, unknown>> {
  if (fields.length === 0) return noValues;
  // All keys without values: a copy is cheaper than key after key.
  const values: Record<string, unknown> = { ...template };
  for (let i = 0; i < fields.length; i++) {
    const { key, read, onNull } = fields[i] as BoundField;
    // The cell of a column, which was looked up once a header; a constant; or what an expression gave.
    const value = read(root, row, notes);
    // `__proto__` is not a key here: the mapping file may not hold it.
    if (value !== null || onNull === "clear") values[key] = value;
  }
  return values;
}

/** A finding for each field that the mapping lets have no null, and that was left out for one. */
function refusedNulls({ compiled, rest, properties, relations }: BoundResource, fields: Writable): Finding[] {
  const base = `resources.${compiled.resource.index}.port.entity.mappings`;
  const groups = [
    ["", rest, fields],
    ["properties.", properties.fields, fields.properties],
    ["relations.", relations.fields, fields.relations],
  ] as const;
  return groups.flatMap(([lead, list, values]) =>
    list
      .filter(({ key, onNull }) => onNull === "reject" && values[key as "title"] === undefined)
      .map(({ key }): Finding => {
        const message = "has no value, and the mapping lists it under reject";
        return { code: "required_missing", message, path: `${lead}${key}`, leaf: `${base}.${lead}${key}` };
      }),
  );
}

type Writable = { -readonly [K in keyof RawFields]: RawFields[K] };

/** Findings about identifier and blueprint, left out where their expression failed and says so itself, and where a cell of theirs is struck. */
function missingOnes(
  { notes }: Out,
  { compiled }: BoundResource,
  record: SourceRecord,
  { identifier, blueprint }: { readonly identifier: unknown; readonly blueprint: unknown },
  struck?: ReadonlySet<string>,
): Finding[] {
  const findings: Finding[] = [];
  const note = (
    code: "identifier_missing" | "blueprint_missing",
    leaf: number,
    message: string,
    value: unknown,
    hint = "",
  ): void => {
    if (struck?.has(code === "identifier_missing" ? "identifier" : "blueprint")) return;
    const failure = notes.failureOf(leaf);
    if (failure !== undefined && notes.findings.length > 0) return;
    const why = failure === undefined ? hint : `; ${failure}`;
    findings.push(notes.finding(code, leaf, `${message}${why}`, value));
  };
  if (identifier === null || identifier === undefined || identifier === "")
    note(
      "identifier_missing",
      compiled.identifierLeaf,
      identifier === "" ? "the identifier is empty" : "the identifier is null",
      identifier,
      keysOf(record, compiled.resource.entity.identifier),
    );
  if (typeof blueprint !== "string" || blueprint === "")
    note("blueprint_missing", compiled.blueprintLeaf, "the blueprint is null, empty or not text", blueprint);
  return findings;
}

/** Most keys that a message names. */
const maxNamedKeys = 12;

/** Which keys a record has, and which of them the expression may mean; nothing of a table, whose header is known beforehand. */
function keysOf({ value, cells }: SourceRecord, expression: unknown): string {
  if (cells !== undefined || typeof value !== "object" || value === null) return "";
  const keys = Object.keys(value);
  const key = typeof expression === "string" ? leadingPath(expression)?.[0]?.key : undefined;
  const near = typeof key === "string" && !keys.includes(key) ? nearestColumn(key, keys) : undefined;
  const meant = near === undefined ? "" : `; did you mean ${pathTo(near)}?`;
  const named = keys.slice(0, maxNamedKeys).map((each) => JSON.stringify(each));
  return `${meant || ";"} its record has ${named.join(", ")}${keys.length > maxNamedKeys ? ", …" : ""}`;
}
