import { UsageError } from "../errors.js";
import { didYouMean, nearest } from "../nearest.js";

/** What became of a given value: what the program works with, or what it must be. */
export type ReadValue<Value> = { readonly value: Value } | { readonly must: string };

/** A kind of value. `Given` is what the library takes, `Value` what the program works with; a flag's text is always among what is read. */
export interface Kind<Given, Value> {
  /** The value's placeholder in help; empty for a flag that takes none. */
  readonly placeholder: string;
  /** The words that may be given, where there are only so many; completed and shown in help. */
  readonly choices: readonly string[];
  readonly isList: boolean;
  /** Reading what it gave gives the same: options that were read once, or kept by an earlier import, may be given again. */
  read(given: unknown): ReadValue<Value>;
  /** For the compiler only: holds the hand-written types of the library to the schema, both ways. */
  readonly given?: (given: Given) => Given;
}

/** Whether an option must be given, may be absent, or has a default. */
type Need = "required" | "optional" | "default";

/** An option as help, completion and documents see it. */
export interface AnyOption extends Omit<Kind<never, unknown>, "given"> {
  readonly describe: string;
  readonly need: Need;
  /** The default, as it would be given. */
  readonly initial?: unknown;
  readonly short?: string;
  /** Shown by `--help` without `--all`. */
  readonly isCommon: boolean;
  /** What it names is written: checked before any work. */
  readonly writes?: "file" | "folder";
  readonly group?: string;
}

/** An option with its types. */
export interface Option<Given, Value, N extends Need = Need> extends Omit<AnyOption, "read" | "need"> {
  readonly need: N;
  read(given: unknown): ReadValue<Value>;
  readonly given?: (given: Given) => Given;
}

/** Where and how an option shows in help. */
interface Shown {
  /** One-letter form of a frequent flag. */
  readonly short?: string;
  /** Shown by `--help` without `--all`. */
  readonly common?: boolean;
  /** What it names is written: checked before any work. */
  readonly writes?: "file" | "folder";
}

/** Makes an option that must be given. */
export function required<G, V>(kind: Kind<G, V>, describe: string, shown: Shown = {}): Option<G, V, "required"> {
  return { ...kind, need: "required", describe, ...shownAs(shown) };
}

/** Makes an option that may be absent. */
export function optional<G, V>(kind: Kind<G, V>, describe: string, shown: Shown = {}): Option<G, V, "optional"> {
  return { ...kind, need: "optional", describe, ...shownAs(shown) };
}

/** Makes an option with a default, which is written as it would be given. */
export function withDefault<G, V>(
  kind: Kind<G, V>,
  initial: G,
  describe: string,
  shown: Shown = {},
): Option<G, V, "default"> {
  return { ...kind, need: "default", initial, describe, ...shownAs(shown) };
}

/** The same option in other words. */
export function describedAs<O extends { readonly describe: string }>(option: O, describe: string): O {
  return { ...option, describe };
}

function shownAs({ short, common = false, writes }: Shown) {
  return {
    isCommon: common,
    ...(short !== undefined && { short }),
    ...(writes !== undefined && { writes }),
  };
}

/** Options by name, in the order of help. */
export type Schema = Readonly<Record<string, AnyOption>>;

/** The schema that fits a hand-written type, option for option. */
export type SchemaOf<T> = {
  readonly [K in keyof T]-?: Record<string, never> extends Pick<T, K>
    ? Option<Exclude<T[K], undefined>, unknown, "optional" | "default">
    : Option<T[K], unknown, "required">;
};

type ValueOf<O> = O extends { read(given: unknown): ReadValue<infer V> } ? V : never;
type OptionalKeys<S> = { [K in keyof S]: S[K] extends { need: "optional" } ? K : never }[keyof S];

/** What a schema gives: every value as the program works with it, defaults filled in. */
export type Resolved<S> = {
  readonly [K in Exclude<keyof S, OptionalKeys<S>>]: ValueOf<S[K]>;
} & { readonly [K in OptionalKeys<S>]?: ValueOf<S[K]> | undefined };

/** Stamps the group that help shows the options under. */
export function group<S extends Record<string, object>>(name: string, options: S): S {
  return Object.fromEntries(Object.entries(options).map(([key, option]) => [key, { ...option, group: name }])) as S;
}

/** The options of a schema, each of which may be absent and has no default: what is not given stays as it was. */
export function withoutDefaults<S extends Schema>(schema: S): WithoutDefaults<S> {
  const entries = Object.entries(schema).map(([name, { initial: _, ...option }]) => [
    name,
    { ...option, need: "optional" },
  ]);
  return Object.fromEntries(entries) as WithoutDefaults<S>;
}
/** See {@link withoutDefaults}. */
type WithoutDefaults<S> = {
  readonly [K in keyof S]: S[K] extends Option<infer G, infer V> ? Option<G, V, "optional"> : never;
};

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

/** What was given in place of a word or a number; anything else could be a secret. */
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
