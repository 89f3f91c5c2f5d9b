import { sep } from "node:path";
import type { Place, Span } from "./record.js";
import { maskSecrets } from "./secrets.js";

/** Every reject's code, with what it means. The docs have a row for each, by test. */
export const rejectCodes = {
  // read
  ragged_row: "a row has more or fewer cells than the header",
  unclosed_quote: "a quote opens and never closes",
  bad_quote: "a quote is where none is allowed",
  bad_json: "a line is not valid JSON",
  bad_yaml: "a document is not valid YAML, or holds a number that JSON lacks",
  not_an_object: "a record is not a JSON object",
  nested_too_deep: "a record is nested deeper than 1,000 levels",
  bad_text: "a record holds a byte that is not text, and the mapping says badText: reject",
  record_too_large: "a record is larger than maxRecordBytes",
  // map
  selector_not_boolean: "selector.query gave neither true nor false",
  items_not_array: "itemsToParse gave neither an array nor null",
  column_invalid: "a cell cannot be read by its column's format",
  expression_error: "an expression failed, and the mapping says onError: reject",
  identifier_missing: "the identifier is null or empty",
  blueprint_missing: "the blueprint is null, empty or not a string",
  // check
  unknown_blueprint: "the expression names a blueprint that does not exist",
  unknown_property: "a property or relation that the blueprint lacks, or that Port calculates itself",
  identifier_invalid: "the identifier is not text, or not of Port's pattern",
  wrong_type: "a value cannot become the property's type without loss",
  not_in_enum: "a value is not in the enum",
  out_of_bounds: "a value breaks a bound: length, number of items, minimum, maximum, pattern",
  bad_format: "a value is not of the property's format",
  required_missing: "a required property or relation has no value",
  relation_invalid: "a relation's value is not an identifier, or several where one is allowed",
  title_invalid: "title, icon or team is not of its type",
  entity_too_large: "the entity alone is larger than a request may be",
  // settle
  duplicate_differs: "a later record repeats an entity with other content, and the mapping says duplicates: error",
  duplicate_conflict: "records of one entity have two values for one field, and the mapping merges them",
  part_rejected: "another record of the entity was rejected, and the mode writes an entity as a whole",
  // write
  already_exists: "mode create, and the entity exists",
  not_in_catalog: "the entity does not exist, and --update-only creates none",
  relation_target_missing: "a relation's target does not exist",
  relation_target_rejected: "a relation's target was itself rejected in this import",
  refused_by_api: "the API refused the entity",
  no_verdict: "the API's reply says nothing of the entity",
  // undo
  changed_since: "an undo leaves the entity as it is: it was changed after the run that is undone",
  before_unknown: "an undo leaves the entity as it is: the import that wrote it did not keep what it held before",
};

/** A code of {@link rejectCodes}. */
export type RejectCode = keyof typeof rejectCodes;

/** The stage that refused. */
export type RejectStage = "read" | "map" | "check" | "write";

/** One fault of a refused thing. */
export interface Finding {
  readonly code: RejectCode;
  /** A sentence without place: what is wrong and what to do. */
  readonly message: string;
  /** Column, `properties.x`, `relations.y`, or leaf of the mapping. */
  readonly path?: string;
  /** The offending value, shortened, for people; a secret is masked. */
  readonly value?: string;
  /** Dotted path in the mapping of what gave the value, where `path` is not one. */
  readonly leaf?: string;
}

/** A record, candidate or entity refused: a value, never an exception. There is exactly one for each refused thing; further faults are in `also`. */
export interface Reject extends Finding {
  readonly stage: RejectStage;
  readonly at: Place;
  readonly span?: Span;
  /** Index of the mapping's resource, from 0; absent at stage read. */
  readonly resource?: number;
  /** Index of the element of itemsToParse, from 0; 0 without it. */
  readonly item?: number;
  readonly blueprint?: string;
  readonly identifier?: string;
  readonly also?: readonly Finding[];
  /** Further records that fields of the refused entity came from. They are given back with it. */
  readonly parts?: readonly { readonly at: Place; readonly span?: Span | undefined }[];
  /** HTTP status and trace id of the reply that refused. */
  readonly status?: number;
  readonly traceId?: string;
}

/** Most characters of a value in a message. */
const maxShownCharacters = 80;
/** Most characters that are looked through for secrets: more than are ever shown. */
const maxSearchedCharacters = 4096;

/**
 * Gives a value as people read it in a message: text as it is, all else as JSON, secrets masked, at most 80 characters; nothing for an absent value.
 *
 * @param name - of its field or column, which may say that it is a secret
 */
export function shownValue(value: unknown, name = ""): string | undefined {
  if (value === undefined) return undefined;
  const text = typeof value === "string" ? value : (JSON.stringify(value, maskFields) ?? String(value));
  const shown = maskSecrets(text.slice(0, maxSearchedCharacters), name);
  if (shown.length <= maxShownCharacters) return shown;
  // a cut through a surrogate pair would leave half a character
  return `${shown.slice(0, maxShownCharacters - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

/** Masks the texts of an object's own fields by their names. */
function maskFields(key: string, value: unknown): unknown {
  return typeof value === "string" ? maskSecrets(value.slice(0, maxSearchedCharacters), key) : value;
}

/** A word as a shell takes it, quoted where it must be; a placeholder such as `<source>` stays as it is. */
export function quoted(word: string): string {
  return /^[\w./:@%+=,-]+$|^<[a-z]+>$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A command for a run as it is typed; it names the folder of import folders where that is not the one taken without it. */
export function commandOn(
  verb: "report" | "resume" | "retry" | "undo",
  { importId, folder }: { readonly importId: string; readonly folder: string },
): string {
  const stateDir = folder.slice(0, folder.lastIndexOf(importId)).replace(new RegExp(`\\${sep}$`), "");
  return `portload ${verb} ${importId}${stateDirFlag(stateDir)}`;
}

/** Names the folder of import folders where it is not the one taken without it, after a blank. */
export function stateDirFlag(stateDir: string): string {
  return stateDir === ".portload" ? "" : ` --state-dir ${quoted(stateDir)}`;
}

/** A text in which commands name an entity by placeholders, for one that is known. */
export function namedCommand(text: string, blueprint: string, identifier: string): string {
  return text.replace("<blueprint> <identifier>", () => `${quoted(blueprint)} ${quoted(identifier)}`);
}

/** Makes control, direction and half characters visible, so that a value of a source cannot steer a terminal or break a line. */
export function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, escapeSign);
}

/** A sign as JSON escapes it. */
export function escapeSign(sign: string): string {
  return `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Text as XML holds it. Signs that XML 1.0 cannot hold even escaped become U+FFFD. @source XML 1.0, production [2] Char */
export function escapeXml(text: string): string {
  return text.replaceAll(forbidden, "\ufffd").replaceAll(/[&<>"'\t\n\r]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff\p{Surrogate}]/gu;
