import type { Blueprint, Blueprints, Property } from "../blueprint.js";
import { type CompiledBlueprint, compileBlueprint } from "../check/compile-blueprint.js";
import { openDiagnostics } from "../check/diagnostics.js";
import { leavesIn, type Mapping, type Resource } from "../map/mapping.js";
import { plainOf } from "../map/plain.js";
import type { RawLeaf } from "../mapping-object.js";
import type { HeadField } from "../same-value.js";
import type { ReportFinding } from "./codes.js";
import { type Yield, yieldOf } from "./yields.js";

/** Compares what each leaf can give with what its field takes: constants by the rules of an import, expressions by the type of their outputs. */
export function lintFit(
  mapping: Mapping,
  blueprints: Blueprints,
  isRight: (path: string) => boolean,
  report: ReportFinding,
): void {
  for (const resource of mapping.resources) {
    const base = `resources.${resource.index}.port.entity.mappings`;
    const blueprint = resource.blueprint === undefined ? undefined : blueprints.get(resource.blueprint);
    const usable = (path: string, leaf: RawLeaf): boolean =>
      [...leavesIn(leaf, path)].every((each) => typeof each.value !== "string" || isRight(each.path));
    lintHead(base, resource, usable, report);
    if (blueprint === undefined) continue;
    const compiled = compileBlueprint(blueprint, "merge");
    for (const [key, leaf] of Object.entries(resource.entity.properties)) {
      const path = `${base}.properties.${key}`;
      if (usable(path, leaf)) lintProperty(path, key, leaf, blueprint, compiled, report);
    }
    for (const [key, leaf] of Object.entries(resource.entity.relations)) {
      const path = `${base}.relations.${key}`;
      if (usable(path, leaf)) lintRelation(path, key, leaf, compiled, report);
    }
  }
}

function lintHead(
  base: string,
  { entity }: Resource,
  usable: (path: string, leaf: RawLeaf) => boolean,
  report: ReportFinding,
): void {
  for (const field of ["identifier", "title", "icon", "team"] as const) {
    const leaf = entity[field];
    const path = `${base}.${field}`;
    if (leaf === undefined || !usable(path, leaf)) continue;
    const type = typeOfLeaf(leaf);
    if (type !== undefined && headRefuses(field, type))
      report(
        "type_mismatch",
        path,
        `gives ${inWords(type)}, and the ${field} must be ${field === "team" ? "a name or a list of names" : "text"}`,
        fixFor("string", type, leaf),
      );
    else if (field === "identifier" && "constant" in constantOf(leaf))
      report(
        "identifier_constant",
        path,
        "is the same for every record, so that all of them become one entity",
        "name the column or key that tells records apart",
      );
  }
}

function lintProperty(
  path: string,
  key: string,
  leaf: RawLeaf,
  blueprint: Blueprint,
  compiled: CompiledBlueprint,
  report: ReportFinding,
): void {
  const property = Object.hasOwn(blueprint.schema.properties, key) ? blueprint.schema.properties[key] : undefined;
  const field = compiled.properties.get(key);
  if (property === undefined || field === undefined) return;
  const wanted = property.format === undefined ? property.type : `${property.type} (${property.format})`;
  const constant = constantOf(leaf);
  if ("constant" in constant) {
    if (constant.constant === null) return;
    const diagnostics = openDiagnostics();
    field.type(constant.constant, diagnostics);
    const [fault] = diagnostics.findings();
    if (fault === undefined) return;
    const code = fault.code === "wrong_type" ? "type_mismatch" : "value_refused";
    report(
      code,
      path,
      `the constant ${JSON.stringify(constant.constant)}: ${plain(fault.message)}`,
      `write a constant that the property takes: ${wanted}`,
    );
    return;
  }
  const type = typeOfLeaf(leaf);
  if (type === undefined || !propertyRefuses(property, type)) return;
  report(
    "type_mismatch",
    path,
    `gives ${inWords(type)}, and the property is of type ${wanted}`,
    fixFor(property.type, type, leaf),
  );
}

function lintRelation(
  path: string,
  key: string,
  leaf: RawLeaf,
  compiled: CompiledBlueprint,
  report: ReportFinding,
): void {
  const field = compiled.relations.get(key);
  if (field === undefined) return;
  const constant = constantOf(leaf);
  if ("constant" in constant) {
    if (constant.constant === null) return;
    const diagnostics = openDiagnostics();
    field.type(constant.constant, diagnostics);
    const [fault] = diagnostics.findings();
    if (fault !== undefined)
      report(
        "value_refused",
        path,
        `the constant ${JSON.stringify(constant.constant)}: ${plain(fault.message)}`,
        "write the identifier of the target",
      );
    return;
  }
  const type = typeOfLeaf(leaf);
  if (type !== undefined && relationRefuses(type))
    report(
      "type_mismatch",
      path,
      `gives ${inWords(type)}, and a relation takes an identifier`,
      fixFor("string", type, leaf),
    );
}

/** The value of a leaf that no record changes. */
function constantOf(leaf: RawLeaf): { readonly constant: unknown } | Record<never, never> {
  if (typeof leaf === "string") {
    const plain = plainOf(leaf);
    return plain !== undefined && "constant" in plain ? plain : {};
  }
  if (typeof leaf !== "object" || leaf === null) return { constant: leaf };
  const entries = Object.entries(leaf).map(([key, inner]: [string, RawLeaf]) => [key, constantOf(inner)] as const);
  if (entries.some(([, inner]) => !("constant" in inner))) return {};
  const values = entries.map(([key, inner]) => [key, (inner as { constant: unknown }).constant] as const);
  return { constant: Array.isArray(leaf) ? values.map(([, value]) => value) : Object.fromEntries(values) };
}

function typeOfLeaf(leaf: RawLeaf): Yield | undefined {
  if (typeof leaf === "string") return yieldOf(leaf);
  if (Array.isArray(leaf)) return "array";
  // A search query is written as an object.
  if (typeof leaf === "object" && leaf !== null) return "combinator" in leaf ? undefined : "object";
  return leaf === null ? undefined : typeof leaf === "number" ? "number" : "boolean";
}

/** A message without its hint for cells, which a constant is not. */
function plain(message: string): string {
  return message.split("; ")[0] ?? message;
}

/** Types that a property refuses whatever the value, by the rules of `check`; text may always be JSON text of the right type. */
const refusedByType: Readonly<Record<Property["type"], readonly Yield[]>> = {
  string: ["array", "object"],
  number: ["boolean", "array", "object"],
  boolean: ["array", "object"],
  array: ["number", "boolean", "object"],
  object: ["number", "boolean", "array"],
};

/** Formats that neither a number nor a boolean can be the text of. */
const wordyFormats: readonly string[] = ["date-time", "url", "email", "ipv4", "ipv6"];

const refusedByHead: Readonly<Record<"identifier" | HeadField, readonly Yield[]>> = {
  identifier: ["number", "boolean", "array"],
  title: ["array", "object"],
  icon: ["number", "boolean", "array", "object"],
  team: ["number", "boolean"],
};

/** Returns whether a property refuses every value of a type. */
export function propertyRefuses(property: Property, type: Yield): boolean {
  if (refusedByType[property.type]?.includes(type)) return true;
  const isWordy = property.type === "string" && wordyFormats.includes(property.format ?? "");
  return isWordy && (type === "number" || type === "boolean");
}

/** Returns whether a relation refuses every value of a type; an object may be a search query. */
export function relationRefuses(type: Yield): boolean {
  return type === "number" || type === "boolean";
}

/** Returns whether identifier, title, icon or team refuse every value of a type. */
export function headRefuses(field: "identifier" | HeadField, type: Yield): boolean {
  return refusedByHead[field].includes(type);
}

const kinds: Readonly<Record<Yield, string>> = {
  string: "text",
  number: "a number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
};

/** A type in words. */
export function inWords(type: Yield): string {
  return kinds[type];
}

/** How an expression of one type is fixed for a field of another: the whole expression, to be pasted in its place. */
function fixFor(wanted: string, type: Yield, leaf: RawLeaf): string {
  const given = typeof leaf === "string" ? leaf : JSON.stringify(leaf);
  if (wanted === "array") {
    if (type === "object") return `write \`${given} | [.[]]\`, or name the key that holds the list`;
    return type === "string"
      ? `write \`${given} | split(";")\`, or \`[${given}]\` where it is one value`
      : `write \`[${given}]\``;
  }
  const [one] = Array.isArray(leaf) ? (leaf as readonly RawLeaf[]) : [];
  if (typeof one === "string" && wanted !== "string") return `write \`${one}\``;
  if (type === "array") return `write \`${given} | ${wanted === "string" ? 'join(", ")' : "first"}\``;
  if (type === "object")
    return wanted === "string"
      ? `write \`${given} | tojson\`, or name the key that is meant`
      : "name the key that is meant";
  return wanted === "string"
    ? `write \`${given} | tostring\``
    : `write an expression that gives ${wanted === "object" ? "an object" : `a ${wanted}`}`;
}
