import { type Client, createClient } from "../api/client.js";
import type { Blueprint } from "../blueprint.js";
import { calculatedBy, writtenByPort } from "../check/targets.js";
import type { FoundEntity } from "../entity.js";
import { BlueprintError, UsageError } from "../errors.js";
import { type ExportOptions, exportOptions } from "../options/catalog.js";
import { parseOptions } from "../options/option.js";
import { targetsFirst } from "./apply-blueprints.js";
import { clientOptionsOf } from "./run/client-options.js";

/** What an export takes from the world around it. */
export interface ExportContext {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
  /** Takes the next piece of the file. What it returns is awaited; false ends the export. */
  readonly emit: (text: string) => unknown;
}

/** What was exported. */
export interface Exported {
  readonly entities: number;
  /** Blueprints that were left out, since only Port writes their entities. */
  readonly leftOut: readonly string[];
  /** The blueprints as a file, relation targets first, without what Port adds itself. */
  readonly blueprintsFile: string;
  /** A mapping that imports the file. @param kind - its base name up to the first dot */
  mapping(kind: string): string;
}

/**
 * Writes all entities of blueprints, a page of 1,000 at a time, without what Port calculates. The file, with its mapping, imports back to the same.
 *
 * @throws {UsageError} for a CSV of several blueprints, whose columns differ
 * @throws {BlueprintError} for a blueprint that does not exist
 */
export async function exportEntities(given: ExportOptions, context: ExportContext): Promise<Exported> {
  const { format = "ndjson", ...options } = parseOptions(exportOptions, given);
  if (options.all === options.blueprints.length > 0)
    throw new UsageError(options.all ? "--all exports every blueprint; name none" : "name a blueprint, or give --all");
  if (format === "csv" && options.blueprints.length !== 1)
    throw new UsageError("a CSV file has the columns of one blueprint", {
      hint: "Export each blueprint into a file of its own, or all into one with --format ndjson.",
    });
  const client = createClient({
    ...clientOptionsOf(options, context.env ?? {}),
    ...(context.signal && { signal: context.signal }),
  });
  try {
    const chosen = options.all ? await client.listBlueprints() : await namedBlueprints(options.blueprints, client);
    const leftOut = options.all ? chosen.filter(({ identifier }) => writtenByPort.has(identifier)) : [];
    const blueprints = (options.all ? targetsFirst(chosen) : chosen).filter((each) => !leftOut.includes(each));
    const form = exportForm(format, blueprints);
    let entities = 0;
    const emit = async (text: string): Promise<boolean> => (await context.emit(text)) !== false;
    let wanted = await emit(form.head);
    for (const blueprint of blueprints) {
      if (!wanted) break;
      for await (const page of client.pages(blueprint.identifier, { query: { combinator: "and", rules: [] } })) {
        const texts = page.map((entity) => form.text(blueprint, entity));
        if (texts.length > 0) wanted = await emit((entities > 0 ? form.between : "") + texts.join(form.between));
        entities += texts.length;
        if (!wanted) break;
      }
    }
    if (wanted) await emit(form.tail);
    return {
      entities,
      leftOut: leftOut.map(({ identifier }) => identifier),
      blueprintsFile: `${JSON.stringify({ blueprints: targetsFirst(blueprints).map(asMade) }, null, 2)}\n`,
      mapping: (kind) => exportMapping(format, blueprints, kind),
    };
  } finally {
    await client.close();
  }
}

async function namedBlueprints(names: readonly string[], client: Client): Promise<readonly Blueprint[]> {
  const found: Blueprint[] = [];
  for (const name of new Set(names)) {
    const blueprint = await client.getBlueprint(name);
    if (blueprint === undefined) throw new BlueprintError(`there is no blueprint ${name}`);
    found.push(blueprint);
  }
  return found;
}

/** A blueprint without what its replies add. */
function asMade({ createdAt: _, createdBy: __, updatedAt: ___, updatedBy: ____, ...blueprint }: Blueprint): Blueprint {
  return blueprint;
}

/** How exported entities are written. */
export type ExportFormat = "ndjson" | "json" | "csv";

/** A way to write entities: what comes before, each entity's text, what separates two, what comes after. */
interface ExportForm {
  readonly head: string;
  text(blueprint: Blueprint, entity: FoundEntity): string;
  readonly between: string;
  readonly tail: string;
}

/** The form of a format. CSV has the columns of its one blueprint. */
function exportForm(format: ExportFormat, blueprints: readonly Blueprint[]): ExportForm {
  const json = (blueprint: Blueprint, entity: FoundEntity): string => JSON.stringify(recordOf(blueprint, entity));
  if (format === "ndjson") return { head: "", text: (b, e) => `${json(b, e)}\n`, between: "", tail: "" };
  if (format === "json") return { head: "[\n", text: json, between: ",\n", tail: "\n]\n" };
  const [blueprint] = blueprints;
  const columns = blueprint === undefined ? [] : columnsOf(blueprint);
  return {
    head: `${columns.map(({ name }) => cellText(name)).join(",")}\n`,
    text: (_, entity) => `${columns.map(({ cell }) => cellText(cell(entity))).join(",")}\n`,
    between: "",
    tail: "",
  };
}

/** A mapping file that imports what was exported. @param kind - the exported file's base name up to its first dot */
export function exportMapping(format: ExportFormat, blueprints: readonly Blueprint[], kind: string): string {
  const resources = blueprints.map((blueprint) => ({
    kind,
    selector: { query: format === "csv" ? "true" : `.blueprint == ${JSON.stringify(blueprint.identifier)}` },
    port: { entity: { mappings: mappingsOf(format, blueprint) } },
  }));
  const source = format === "csv" ? { format, blanks: [""] } : { format };
  return `${JSON.stringify({ source, resources }, null, 2)}\n`;
}

/** Properties that can be written: not calculated, mirrored or aggregated. */
function writableKeys(blueprint: Blueprint): readonly string[] {
  const calculated = calculatedBy(blueprint);
  return Object.keys(blueprint.schema.properties).filter((key) => !calculated.has(key));
}

function recordOf(blueprint: Blueprint, entity: FoundEntity): object {
  const { identifier, title, icon, team, properties, relations } = entity as FoundEntity & ExportedFields;
  return {
    blueprint: blueprint.identifier,
    identifier,
    ...(title != null && { title }),
    ...(icon != null && { icon }),
    ...(Array.isArray(team) && team.length > 0 && { team }),
    properties: present(properties, writableKeys(blueprint)),
    relations: present(withTargets(relations), Object.keys(blueprint.relations ?? {})),
  };
}

/** Relations that hold something: a list of none is how replies show one that holds nothing. */
function withTargets(relations: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries(relations).filter(([, held]) => !Array.isArray(held) || held.length > 0));
}

interface ExportedFields {
  readonly title?: unknown;
  readonly icon?: unknown;
  readonly team?: unknown;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly relations?: Readonly<Record<string, unknown>>;
}

function present(values: Readonly<Record<string, unknown>> = {}, keys: readonly string[]): Record<string, unknown> {
  const given = keys.filter((key) => Object.hasOwn(values, key) && values[key] != null);
  return Object.fromEntries(given.map((key) => [key, values[key]]));
}

interface Column {
  readonly name: string;
  readonly isText: boolean;
  cell(entity: FoundEntity): string;
}

function columnsOf(blueprint: Blueprint): readonly Column[] {
  const column = (group: "properties" | "relations", key: string, isText: boolean): Column => ({
    name: `${group}.${key}`,
    isText,
    cell: (entity) => {
      const { properties, relations } = entity as FoundEntity & ExportedFields;
      return valueText(group === "properties" ? properties?.[key] : withTargets(relations)[key], isText);
    },
  });
  return [
    ...(["identifier", "title", "icon"] as const).map((name) => ({
      name,
      isText: true,
      cell: (entity: FoundEntity) => valueText(entity[name], true),
    })),
    { name: "team", isText: false, cell: (entity) => (namesIn(entity.team) ? JSON.stringify(entity.team) : "") },
    ...writableKeys(blueprint).map((key) =>
      column("properties", key, blueprint.schema.properties[key]?.type === "string"),
    ),
    ...Object.entries(blueprint.relations ?? {}).map(([key, { many }]) => column("relations", key, many !== true)),
  ];
}

function namesIn(team: unknown): boolean {
  return Array.isArray(team) && team.length > 0;
}

/** A value as a cell: text as it is, all else as JSON, nothing as an empty cell. Text that is empty or begins with a quote is JSON as well, so that nothing is lost. */
function valueText(value: unknown, isText: boolean): string {
  if (value === null || value === undefined) return "";
  return isText && typeof value === "string" && value !== "" && !value.startsWith('"') ? value : JSON.stringify(value);
}

/** @source RFC 4180, section 2 */
function cellText(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function mappingsOf(format: ExportFormat, blueprint: Blueprint): object {
  const isText = new Map(columnsOf(blueprint).map((column) => [column.name, column.isText]));
  const leaf = (path: string, name: string): string => {
    if (format !== "csv") return path;
    return `.${JSON.stringify(name)} | values | ${isText.get(name) ? 'if startswith("\\"") then fromjson else . end' : "fromjson"}`;
  };
  const fields = (group: "properties" | "relations", keys: readonly string[]) =>
    Object.fromEntries(keys.map((key) => [key, leaf(`.${group}[${JSON.stringify(key)}]`, `${group}.${key}`)]));
  const inherits = blueprint.ownership?.type === "Inherited" || blueprint.teamInheritance != null;
  return {
    identifier: ".identifier",
    title: leaf(".title", "title"),
    icon: leaf(".icon", "icon"),
    ...(!inherits && { team: leaf(".team", "team") }),
    blueprint: JSON.stringify(blueprint.identifier),
    properties: fields("properties", writableKeys(blueprint)),
    relations: fields("relations", Object.keys(blueprint.relations ?? {})),
  };
}
