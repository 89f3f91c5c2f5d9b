import type { Property, Relation } from "../../blueprint.js";
import type { Answered, Lab } from "./lab.js";

/** A question to the API that no source answers. */
export interface Probe {
  /** The number that the reading is printed with. */
  readonly row: number;
  readonly point: string;
  /** How the emulator answers by default; absent where no answer is likelier. */
  readonly likely?: string;
  /** The answer as text; undefined where this blueprint cannot show it. */
  ask(lab: Lab): Promise<string | undefined>;
}

const mismatch = "422 blueprint_schema_mismatch";

/** Every question that `validation_only` answers, in the order of the table. */
export const probes: readonly Probe[] = [
  {
    row: 1,
    point: "status when every entity of a bulk request fails",
    likely: "207",
    ask: async (lab) => String((await validateBad(lab))?.status ?? "") || undefined,
  },
  {
    row: 2,
    point: "`ok` of a reply in which some fail",
    likely: "207, ok true",
    async ask(lab) {
      const bad = badSpecimen(lab);
      if (bad === undefined) return undefined;
      const { status, body } = await lab.validate([lab.specimen(), bad]);
      return `${status}, ok ${(body as { ok?: unknown } | undefined)?.ok}`;
    },
  },
  {
    row: 3,
    point: "`created` of an entity that does not exist",
    likely: "true",
    async ask(lab) {
      const entry = (entries((await lab.validate([lab.specimen()])).body)[0] ?? {}) as { created?: unknown };
      return entry.created === undefined ? undefined : String(entry.created);
    },
  },
  {
    row: 5,
    point: "a property that the blueprint lacks",
    likely: "accepted",
    ask: (lab) => first(lab.validate([lab.specimen({ properties: { portload_probe: "x" } })])),
  },
  {
    row: 6,
    point: "a value of the wrong type",
    likely: mismatch,
    ask: async (lab) => (await validateBad(lab))?.words[0],
  },
  {
    row: 7,
    point: "formats that are enforced",
    async ask(lab) {
      const found: string[] = [];
      for (const [format, name] of formatsOf(lab)) {
        const { words } = await lab.validate([lab.specimen({ properties: { [name]: "no such thing" } })]);
        found.push(`${format} ${words[0] === "accepted" ? "no" : "yes"}`);
      }
      return found.length === 0 ? undefined : found.join(", ");
    },
  },
  {
    row: 8,
    point: "a required property that is missing, in override",
    likely: mismatch,
    async ask(lab) {
      const [required] = lab.blueprint.schema.required ?? [];
      return required === undefined ? undefined : first(lab.validate([without(lab, required)]));
    },
  },
  {
    row: 8,
    point: "a required property that is missing, in a merge that creates",
    likely: mismatch,
    async ask(lab) {
      const [required] = lab.blueprint.schema.required ?? [];
      return required === undefined ? undefined : first(lab.validate([without(lab, required)], "merge"));
    },
  },
  {
    row: 10,
    point: "null in a property that is not required",
    likely: "accepted",
    async ask(lab) {
      const { properties, required = [] } = lab.blueprint.schema;
      const name = Object.keys(properties).find((key) => !required.includes(key));
      return name === undefined ? undefined : first(lab.validate([lab.specimen({ properties: { [name]: null } })]));
    },
  },
  {
    row: 11,
    point: "a string for a relation that holds many",
    likely: "accepted",
    ask: (lab) =>
      relate(
        lab,
        (relation) => relation.many === true,
        (target) => target,
      ),
  },
  {
    row: 12,
    point: "an array of one for a relation that holds one",
    likely: "accepted",
    ask: (lab) =>
      relate(
        lab,
        (relation) => relation.many !== true,
        (target) => [target],
      ),
  },
  {
    row: 13,
    point: "an empty identifier beside a good entity: what becomes of the good one",
    likely: "whole request 422 invalid_request",
    ask: async (lab) => (await lab.validate([lab.specimen(), lab.specimen({ identifier: "" })])).words[0],
  },
  {
    row: 13,
    point: "an apostrophe in an identifier",
    likely: "accepted",
    ask: (lab) => first(lab.validate([lab.specimen({ identifier: `${lab.specimen().identifier}'s` })])),
  },
  {
    row: 14,
    point: "an empty array for a relation that holds many",
    likely: "accepted",
    ask: (lab) =>
      relate(
        lab,
        (relation) => relation.many === true,
        () => [],
      ),
  },
  {
    row: 15,
    point: "the same target twice in one relation",
    likely: "accepted",
    ask: (lab) =>
      relate(
        lab,
        (relation) => relation.many === true,
        (target) => [target, target],
      ),
  },
  {
    row: 16,
    point: "the same identifier twice in one request: the second one",
    likely: "accepted",
    async ask(lab) {
      const twin = lab.specimen();
      return (await lab.validate([twin, twin])).words[1];
    },
  },
  {
    row: 18,
    point: "a relation that the blueprint lacks",
    likely: "404 not_found",
    ask: (lab) => first(lab.validate([lab.specimen({ relations: { portload_probe: "x" } })])),
  },
  {
    row: 28,
    point: "a team on a blueprint without ownership",
    likely: "accepted",
    ask: async (lab) =>
      lab.blueprint.ownership || lab.blueprint.teamInheritance
        ? undefined
        : first(lab.validate([lab.specimen({ team: ["portload-probe"] })])),
  },
  {
    row: 30,
    point: "an identifier that exists, in other case, in mode create",
    likely: "accepted",
    async ask(lab) {
      const identifier = await lab.anyEntity(lab.blueprint.identifier);
      const other = identifier && swapCase(identifier);
      if (identifier === undefined || other === undefined || other === identifier) return undefined;
      const { words } = await lab.validate(
        [lab.specimen({ identifier }), lab.specimen({ identifier: other })],
        "create",
      );
      // Where a check in mode create does not look for the identifier, it shows nothing about case.
      return words[0] === "accepted" ? undefined : words[1];
    },
  },
];

async function validateBad(lab: Lab): Promise<Answered | undefined> {
  const bad = badSpecimen(lab);
  return bad === undefined ? undefined : lab.validate([bad]);
}

function badSpecimen(lab: Lab) {
  const name = Object.keys(lab.blueprint.schema.properties)[0];
  if (name === undefined) return undefined;
  const { type } = lab.blueprint.schema.properties[name] as Property;
  return lab.specimen({ properties: { [name]: type === "object" || type === "array" ? "no such thing" : {} } });
}

function formatsOf({ blueprint }: Lab): ReadonlyMap<string, string> {
  const formats = new Map<string, string>();
  for (const [name, { type, format, enum: values }] of Object.entries(blueprint.schema.properties))
    if (type === "string" && format !== undefined && values === undefined && !formats.has(format))
      formats.set(format, name);
  return formats;
}

function without(lab: Lab, property: string) {
  const { properties, ...rest } = lab.specimen();
  const left = Object.entries(properties ?? {}).filter(([name]) => name !== property);
  return { ...rest, properties: Object.fromEntries(left) };
}

/** Validates a relation of the wanted kind whose target has an entity. */
async function relate(
  lab: Lab,
  wanted: (relation: Relation) => boolean,
  toValue: (target: string) => unknown,
): Promise<string | undefined> {
  for (const [name, relation] of Object.entries(lab.blueprint.relations ?? {})) {
    const target = wanted(relation) ? await lab.anyEntity(relation.target) : undefined;
    if (target !== undefined) return first(lab.validate([lab.specimen({ relations: { [name]: toValue(target) } })]));
  }
  return undefined;
}

async function first(answered: Promise<Answered>): Promise<string | undefined> {
  return (await answered).words[0];
}

function entries(body: unknown): readonly unknown[] {
  const list = (body as { entities?: unknown } | undefined)?.entities;
  return Array.isArray(list) ? list : [];
}

function swapCase(text: string): string {
  return text === text.toUpperCase() ? text.toLowerCase() : text.toUpperCase();
}
