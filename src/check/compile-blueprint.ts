import type { Blueprint, Property } from "../blueprint.js";
import type { Mode } from "../entity.js";
import { nearest } from "../nearest.js";
import { decimalPattern, exactNumber, jsonNumbersAreLossless } from "../same-value.js";
import { compileConstraints, formatJudges, isTypedEnum } from "./constraints.js";
import { type Diagnostics, listFix, numberFault, type Typer } from "./diagnostics.js";
import { calculatedBy, type RelationTyper, relationTyper } from "./targets.js";
import { isObject, kindOf, passesFormat, type TeamRule, teamRuleOf, typeFormattedText, typeText } from "./type-text.js";

/** A property or relation of a blueprint, ready to type values. */
interface CompiledField<T> {
  readonly key: string;
  /** `properties.x` or `relations.y`. */
  readonly path: string;
  readonly isRequired: boolean;
  readonly type: T;
}

/** A blueprint compiled once, so that no record walks a schema. */
export interface CompiledBlueprint {
  readonly identifier: string;
  readonly properties: ReadonlyMap<string, CompiledField<Typer>>;
  readonly relations: ReadonlyMap<string, CompiledField<RelationTyper>>;
  /** Properties that Port calculates, each with what does it. */
  readonly calculated: ReadonlyMap<string, string>;
  readonly team: TeamRule;
  /** What an entity must bring, by the mode; none in merge, where the API checks the merged entity. */
  readonly mustBring: { readonly properties: readonly string[]; readonly relations: readonly string[] };
  /** Paths of the properties with a keyword that cannot be read here. */
  readonly unreadable: readonly string[];
}

/** Compiles a blueprint for a mode. A required property with a default may be absent: Port may fill it in. */
export function compileBlueprint(blueprint: Blueprint, mode: Mode): CompiledBlueprint {
  const required = new Set(blueprint.schema.required);
  const properties = new Map<string, CompiledField<Typer>>();
  const relations = new Map<string, CompiledField<RelationTyper>>();
  const unreadable: string[] = [];
  for (const [key, property] of Object.entries(blueprint.schema.properties)) {
    if (key === unusableKey) continue;
    const path = `properties.${key}`;
    const { type, isUnreadable } = compileProperty(property);
    if (isUnreadable) unreadable.push(path);
    properties.set(key, { key, path, isRequired: required.has(key), type });
  }
  for (const [key, relation] of Object.entries(blueprint.relations ?? {})) {
    if (key === unusableKey) continue;
    const isRequired = relation.required === true;
    relations.set(key, { key, path: `relations.${key}`, isRequired, type: relationTyper(relation.many === true) });
  }
  const hasDefault = (key: string) => blueprint.schema.properties[key]?.default !== undefined;
  return {
    identifier: blueprint.identifier,
    properties,
    relations,
    calculated: calculatedBy(blueprint),
    team: teamRuleOf(blueprint),
    mustBring: {
      properties: mode === "merge" ? [] : [...required].filter((key) => properties.has(key) && !hasDefault(key)),
      relations: mode === "merge" ? [] : [...relations.values()].filter((r) => r.isRequired).map((r) => r.key),
    },
    unreadable,
  };
}

/** Written as a key of an object literal it would set the object's prototype and vanish, so it counts as unknown. */
const unusableKey = "__proto__";

/** The words that are a boolean, in any case. The list is closed: no other text is. */
export const booleanWords: ReadonlyMap<string, boolean> = new Map([
  ...["true", "yes", "y", "t", "on", "1"].map((word) => [word, true] as const),
  ...["false", "no", "n", "f", "off", "0"].map((word) => [word, false] as const),
]);

/** Types a boolean: a JSON boolean, the numbers 1 and 0, or one of {@link booleanWords}. */
const typeBoolean: Typer = (value, diagnostics) => {
  if (typeof value === "boolean") return value;
  if (value === 1 || value === 0) return value === 1;
  if (typeof value !== "string") return diagnostics.refuse("wrong_type", `expects a boolean, got ${kindOf(value)}`);
  return (
    booleanWords.get(value.toLowerCase()) ??
    diagnostics.refuse("wrong_type", `is neither true nor false; accepted are ${[...booleanWords.keys()].join(", ")}`)
  );
};

/** Types a number: a JSON number as it is, text only if its decimal value survives. Thousands separators, hex, blanks around it and empty text are refused. */
const typeNumber: Typer = (value, diagnostics) => {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (typeof value !== "string") return diagnostics.refuse("wrong_type", `expects a number, got ${kindOf(value)}`);
  const number = exactNumber(value);
  if (number !== undefined) return number;
  const fault = decimalPattern.test(value) ? "has more digits than a number can hold" : numberFault(value);
  return diagnostics.refuse("wrong_type", fault);
};

/** A typer of lists: a JSON array, or the JSON text of one; each of its items typed in turn. A lone value is not a list: the mapping says `[.x]` or `split`. */
function typeList(typeItem: Typer): Typer {
  return (value, diagnostics) => {
    const parsed = typeof value === "string" ? parseJsonText(value, "[", diagnostics) : value;
    if (parsed === undefined) return undefined;
    if (!Array.isArray(parsed)) {
      return diagnostics.refuse("wrong_type", `expects a list or its JSON text, got ${kindOf(value)}`);
    }
    const items: unknown[] = [];
    for (const item of parsed) {
      const typed =
        item === null ? diagnostics.refuse("wrong_type", "is a list with null in it") : typeItem(item, diagnostics);
      if (typed === undefined) return undefined;
      items.push(typed);
    }
    return items;
  };
}

/** Types an object: a JSON object as it is, or the JSON text of one. */
const typeObject: Typer = (value, diagnostics) => {
  const parsed = typeof value === "string" ? parseJsonText(value, "{", diagnostics) : value;
  if (parsed === undefined) return undefined;
  if (isObject(parsed)) return parsed;
  return diagnostics.refuse("wrong_type", `expects an object or its JSON text, got ${kindOf(value)}`);
};

/** Types a labeled url: an object `{url, displayText?}`, its JSON text, or the text of a URL, which becomes `{url}`. */
const typeLabeledUrl: Typer = (value, diagnostics) => {
  const labeled = typeof value === "string" && !value.startsWith("{") ? { url: value } : typeObject(value, diagnostics);
  if (!isObject(labeled)) return undefined;
  const { url, displayText } = labeled;
  if (typeof url !== "string") return diagnostics.refuse("bad_format", "is an object without a url that is text");
  if (displayText !== undefined && displayText !== null && typeof displayText !== "string") {
    return diagnostics.refuse("bad_format", "has a displayText that is not text");
  }
  const judge = formatJudges.get("url");
  return judge === undefined || passesFormat(url, "url", judge, diagnostics) ? labeled : undefined;
};

/** Parses text that must be JSON of an object or a list, as its first character says; reports a fault and returns undefined otherwise. */
function parseJsonText(text: string, opener: "{" | "[", diagnostics: Diagnostics): unknown {
  const wanted = opener === "{" ? "an object" : "a list";
  if (!text.trimStart().startsWith(opener)) {
    const fix = opener === "[" ? listFix(text) : "; write {…} in the expression";
    return diagnostics.refuse("wrong_type", `is text, not ${wanted} or the JSON of one${fix}`);
  }
  try {
    const parsed: unknown = JSON.parse(text);
    if (jsonNumbersAreLossless(text)) return parsed;
    return diagnostics.refuse("wrong_type", "is JSON with a number that has more digits than a number can hold");
  } catch {
    return diagnostics.refuse("wrong_type", `begins like the JSON of ${wanted}, and is not valid JSON`);
  }
}

/** A property, compiled. */
interface TypedProperty {
  readonly type: Typer;
  /** True when a keyword of the property cannot be read here, so that only the API checks it. */
  readonly isUnreadable: boolean;
}

/** Compiles a property into one closure that types a value and checks it. Compiled once a blueprint; nothing walks the schema a record. */
function compileProperty(property: Property): TypedProperty {
  const type = typerOf(property);
  const check = compileConstraints(property);
  if (check === undefined || check === "unreadable") return { type, isUnreadable: check === "unreadable" };
  return {
    isUnreadable: false,
    type: (value, diagnostics) => {
      const typed = type(value, diagnostics);
      if (typed !== undefined) check(typed, diagnostics);
      return typed;
    },
  };
}

function typerOf(property: Partial<Property>): Typer {
  const type = baseTyper(property);
  return isTypedEnum(property) ? withinEnum(type, property.enum ?? []) : type;
}

function baseTyper(property: Partial<Property>): Typer {
  // A catalog may list types that Port's description lacks: what is to be a whole number is a number, all else the API decides.
  switch (property.type as string | undefined) {
    case "string":
      return property.format === undefined ? typeText : typeFormattedText(property.format);
    case "number":
    case "integer":
      return typeNumber;
    case "boolean":
      return typeBoolean;
    case "array":
      return typeList(property.items === undefined ? asItIs : typerOf(property.items));
    case "object":
      return property.format === "labeled-url" ? typeLabeledUrl : typeObject;
    default:
      return property.format === "labeled-url" ? typeLabeledUrl : asItIs;
  }
}

/** For what the blueprint leaves open, and for types that are newer than this program: the API decides. */
const asItIs: Typer = (value) => value;

/** Most values of an enum that a message names. */
const maxNamedValues = 10;

function withinEnum(type: Typer, values: readonly unknown[]): Typer {
  const allowed = new Set(values);
  const texts = values.filter((value) => typeof value === "string");
  const named = values.slice(0, maxNamedValues).map((value) => JSON.stringify(value));
  const list = `${named.join(", ")}${values.length > maxNamedValues ? `, … (${values.length})` : ""}`;
  return (value, diagnostics) => {
    const typed = type(value, diagnostics);
    if (typed === undefined || allowed.has(typed)) return typed;
    const near = typeof typed === "string" ? nearest(typed, texts) : undefined;
    const hint = near === undefined ? "" : `; did you mean ${JSON.stringify(near)}?`;
    return diagnostics.refuse("not_in_enum", `is none of ${list}${hint}`);
  };
}
