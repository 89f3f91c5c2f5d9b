import type { Property } from "../blueprint.js";
import { nearest } from "../nearest.js";
import { compileConstraints, isTypedEnum } from "./constraints.js";
import type { Typer } from "./diagnostics.js";
import { typeBoolean } from "./type-boolean.js";
import { typeList } from "./type-list.js";
import { typeNumber } from "./type-number.js";
import { typeLabeledUrl, typeObject } from "./type-object.js";
import { typeFormattedText, typeText } from "./type-text.js";

/** A property, compiled. */
export interface TypedProperty {
  readonly type: Typer;
  /** True when a word of the property cannot be read here, so that only the API checks it. */
  readonly isUnreadable: boolean;
}

/** Compiles a property into one closure that types a value and checks it. Compiled once a blueprint; nothing walks the schema a record. */
export function compileProperty(property: Property): TypedProperty {
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
