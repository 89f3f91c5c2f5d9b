import type { Blueprint } from "../../blueprint.js";
import { calculatedBy } from "../../check/read-only.js";
import type { FoundEntity } from "../../entity.js";

/** How exported entities are written. */
export type ExportFormat = "ndjson" | "json" | "csv";

/** A way to write entities: what comes before, each entity's text, what stands between two, what comes after. */
export interface ExportForm {
  readonly head: string;
  text(blueprint: Blueprint, entity: FoundEntity): string;
  readonly between: string;
  readonly tail: string;
}

/** The form of a format. CSV has the columns of its one blueprint. */
export function exportForm(format: ExportFormat, blueprints: readonly Blueprint[]): ExportForm {
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
  const { identifier, title, icon, team, properties, relations } = entity as FoundEntity & Fields;
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

interface Fields {
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
      const { properties, relations } = entity as FoundEntity & Fields;
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
