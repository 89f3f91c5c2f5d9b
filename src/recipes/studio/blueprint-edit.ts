import type { Blueprint, Property } from "../../blueprint.js";
import { parseBlueprints } from "../../check/blueprint-file.js";
import { BlueprintError, UsageError } from "../../errors.js";

/** What a property of a proposed blueprint can be. */
export type PropertyKind = "text" | "list" | "number" | "boolean";

/** A change of a proposed blueprint. */
export type BlueprintEdit = PropertyEdit | TextEdit | RenameEdit;

/** Its identifier. */
interface RenameEdit {
  readonly kind: "renameBlueprint";
  readonly blueprint: string;
  readonly to: string;
}

/** A blueprint's old identifier and its new one. */
export interface Renamed {
  readonly from: string;
  readonly to: string;
}

/** All of it, as JSON or YAML. An identifier that is another one renames it. */
interface TextEdit {
  readonly kind: "setText";
  readonly blueprint: string;
  readonly text: string;
}

type PropertyEdit = { readonly blueprint: string; readonly property: string } & (
  | { readonly kind: "addProperty"; readonly type: PropertyKind }
  | { readonly kind: "removeProperty" }
  | {
      readonly kind: "setType";
      readonly type: PropertyKind;
      /** Format of a text; none where it is absent. */
      readonly format?: string;
    }
);

/** Makes a change in a blueprint. @throws {UsageError | BlueprintError} where it does not fit */
export function editBlueprint(blueprint: Blueprint, edit: BlueprintEdit): Blueprint {
  if (edit.kind === "setText") return oneOf(edit.text, `${blueprint.identifier}.yaml`);
  if (edit.kind === "renameBlueprint")
    return oneOf(JSON.stringify({ ...blueprint, identifier: edit.to }), `${blueprint.identifier}.yaml`);
  const { properties, required = [] } = blueprint.schema;
  const { property } = edit;
  const old = Object.hasOwn(properties, property) ? properties[property] : undefined;
  const put = (next: Readonly<Record<string, Property>>, needed = required): Blueprint => ({
    ...blueprint,
    schema: { ...blueprint.schema, properties: next, ...(blueprint.schema.required && { required: needed }) },
  });
  if (edit.kind === "addProperty") {
    if (!/^[A-Za-z0-9@_=-][A-Za-z0-9@_=.-]{0,99}$/.test(property) || property === "__proto__")
      throw new UsageError(`${JSON.stringify(property)} cannot name a property`, {
        hint: "Take letters, digits, - and _, such as costCenter.",
      });
    if (old !== undefined) throw new UsageError(`${blueprint.identifier} has the property ${property} already`);
    return put({ ...properties, [property]: typed(edit.type) });
  }
  if (old === undefined) throw new UsageError(`${blueprint.identifier} has no property ${property}`);
  if (edit.kind === "removeProperty") {
    const rest = Object.entries(properties).filter(([name]) => name !== property);
    return put(
      Object.fromEntries(rest),
      required.filter((name) => name !== property),
    );
  }
  const { title, description } = old;
  const words = { ...(title !== undefined && { title }), ...(description !== undefined && { description }) };
  return put({ ...properties, [property]: { ...words, ...typed(edit.type, edit.format) } });
}

/** A blueprint whose relations to another one follow that one's new name. */
export function retargeted(blueprint: Blueprint, { from, to }: Renamed): Blueprint {
  const { relations = {} } = blueprint;
  if (Object.values(relations).every(({ target }) => target !== from)) return blueprint;
  const moved = Object.entries(relations).map(([name, one]) => [
    name,
    one.target === from ? { ...one, target: to } : one,
  ]);
  return { ...blueprint, relations: Object.fromEntries(moved) };
}

function oneOf(text: string, name: string): Blueprint {
  const [made, another] = parsed(text, name);
  if (made === undefined || another !== undefined) throw new UsageError("the text must hold one blueprint");
  return made;
}

/** JSON is YAML, too. */
function parsed(text: string, name: string): readonly Blueprint[] {
  try {
    return parseBlueprints(text, name);
  } catch (error) {
    if (!(error instanceof BlueprintError)) throw error;
    throw new BlueprintError(error.message.replaceAll(name, "the text"), { cause: error });
  }
}

function typed(kind: PropertyKind, format?: string): Property {
  if (kind === "text") return { type: "string", ...(format !== undefined && format !== "" && { format }) };
  return kind === "list" ? { type: "array", items: { type: "string" } } : { type: kind };
}
