import { UsageError } from "../errors.js";
import { didYouMean, nearest } from "../nearest.js";
import type { AnyOption, Resolved, Schema } from "./option.js";

const parsed = new WeakMap<object, object>();

/**
 * Reads options by their schema: every value as the program works with it, defaults filled in. What was read by a schema passes it unread.
 *
 * @param named.nameOf - how a message names an option: as the library does, or as a flag
 * @throws {UsageError} with every option that does not fit
 */
export function parseOptions<S extends Schema>(
  schema: S,
  given: object,
  { nameOf = (name) => name, hint }: { readonly nameOf?: (name: string) => string; readonly hint?: string } = {},
): Resolved<S> {
  if (parsed.get(given) === schema) return given as Resolved<S>;
  const faults: string[] = [];
  const values: Record<string, unknown> = {};
  for (const name of Object.keys(given)) if (!Object.hasOwn(schema, name)) faults.push(unknownOption(schema, name));
  for (const [name, option] of Object.entries(schema)) {
    const value = (given as Readonly<Record<string, unknown>>)[name] ?? option.initial;
    if (value === undefined) {
      if (option.need === "required") faults.push(`${nameOf(name)} is missing`);
      continue;
    }
    const read = option.read(value);
    if ("must" in read) faults.push(`${nameOf(name)} ${read.must}${shown(option, value)}`);
    else values[name] = read.value;
  }
  if (faults.length > 0) throw new UsageError(faults.join("\n"), hint === undefined ? {} : { hint });
  parsed.set(values, schema);
  return values as Resolved<S>;
}

/** What was given in place of a word or a number; whatever else it may be could be a secret. */
function shown({ choices, placeholder }: AnyOption, value: unknown): string {
  const given = Array.isArray(value) && value.length === 1 ? value[0] : value;
  const isPlain = choices.length > 0 || /^<(?:n|percent|n\|percent|duration|file)>$/.test(placeholder);
  if (!isPlain || typeof given !== "string" || given.length > 40) return "";
  return `, not ${JSON.stringify(given)}${didYouMean(given, choices)}`;
}

function unknownOption(schema: Schema, name: string): string {
  const near = nearest(name, Object.keys(schema));
  return `there is no option ${name}${near === undefined ? "" : `; did you mean ${near}?`}`;
}
