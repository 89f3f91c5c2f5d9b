import { z } from "zod";
import { ignoredKeys, mappingFile } from "../map/mapping-schema.js";
import { testFile } from "../mapping-test/test-file.js";

/** What each key of the mapping file means, for editors, by its dotted path: `*` is an element of a list or for any key. */
export const keyDescriptions: Readonly<Record<string, string>> = {
  source: "How sources are read, for all kinds.",
  sources: "How the sources of single kinds are read; a key given here replaces that key of `source`.",
  "source.format": "Default: by extension, then by content.",
  "source.encoding": "Default: by byte order mark, then UTF-8; never guessed. For example windows-1252.",
  "source.csv": "How a CSV is written.",
  "source.csv.delimiter": "Text between cells. Default `,`; a tab for TSV.",
  "source.csv.quote": 'Character around cells that hold the delimiter or a line end. Default `"`; false for none.',
  "source.csv.escape": "Character that escapes a quote, a delimiter, a line end or itself after it. Default none.",
  "source.csv.quotes":
    "lenient: a quote within a quoted cell is text unless a delimiter or line end follows. Default strict.",
  "source.csv.trim": "True leaves out spaces around cells and before an opening quote. Default false.",
  "source.csv.shortRows": "pad fills a row of too few cells up with empty ones. Default reject.",
  "source.csv.longRows": "drop leaves out cells after the last column; empty ones always are. Default reject.",
  "source.csv.repeatedColumns":
    "Columns of one name: number names them name, name_2, …; list makes one array of their cells that hold something. Default refuse.",
  "source.csv.header":
    "Whether the first line names the columns. Default true; without it they are column1, column2, …",
  "source.csv.skipLines": "Lines before the header. Default 0.",
  "source.csv.comment": "Text at the beginning of a line that is not a record. Default none.",
  "source.csv.columns": "Names of the columns of a source without a header; needs `header: false`.",
  "source.json": "Where the records of a JSON text are.",
  "source.json.records": "Dotted path of keys to the array that holds the records. Default: the text itself.",
  "source.json.keyed": "The records are the values of the object there; their key is put under this name.",
  "source.xlsx": "Where a table is in a workbook.",
  "source.xlsx.sheet": "Name of the sheet. Default: the only one that is not hidden.",
  "source.xlsx.headerRow": "Row of the header, from 1. Default: the first row that holds something.",
  "source.blanks": 'Cells and JSON strings that mean "no value"; they become null before any expression sees them.',
  "source.columns": "What a column's text means, where the blueprint does not say.",
  "source.columns.*.date": "Format of the column's dates in Luxon's tokens, such as dd.MM.yyyy.",
  "source.columns.*.zone": "IANA zone of the dates, such as Europe/Berlin; required unless the format reads an offset.",
  "source.columns.*.locale": "Language of the names of months and days. Default en.",
  "source.columns.*.split": "Text between the elements of a list.",
  "source.columns.*.number": "Signs of the column's numbers.",
  "source.columns.*.number.decimal": "Sign before the fraction. Default `.`.",
  "source.columns.*.number.group": "Sign between thousands. Default none; a space means every kind of space.",
  "source.columns.*.number.unit": "Text before or after the number that is left out, such as €, % or GB.",
  "source.columns.*.true": "Words that mean true.",
  "source.columns.*.false": "Words that mean false.",
  "source.columns.*.blanks": 'Cells of this column alone that mean "no value".',
  "source.optionalColumns": "Columns that a table may lack, though an expression reads them; any other is a fault.",
  "source.badText":
    "What a byte that is not text, a NUL, and NaN or Infinity in JSON cost: stop (default) ends the source there, reject costs that record.",
  "source.maxRecordBytes": "Largest record, in bytes of UTF-8. Default 16 MiB.",
  duplicates:
    "What becomes of several entities with one identifier: the first counts, or the last, none after the first (error), one with the fields of all (merge), or all in turn (off). Default: merge where several resources name one blueprint, else first.",
  onNull:
    "What becomes of a field whose expression gives null: omit (default) leaves it as it is in the catalog, clear empties it.",
  clear: "Fields whose null is sent although onNull is omit: title, properties.x, relations.y.",
  omit: "Fields whose null is left out although onNull is clear.",
  reject: "Fields whose null rejects the record.",
  onError: 'What an expression that fails gives: "null" (default, as in Port) with a counted warning, or reject.',
  enableMergeEntity: "False asks for mode override. Default: the mode of the command line, else merge.",
  createMissingRelatedEntities:
    "Whether Port makes relation targets that do not exist, bare. Default false; Port's is true.",
  deleteDependentEntities:
    "Whether a deletion takes the entities along that depend on the deleted one. Default false; Port's is true.",
  entityDeletionThreshold:
    "Share of a blueprint's entities that may be deleted, 0 to 1. Default: 10 % or 100 entities.",
  unknownProperties:
    "What a mapped property that the blueprint lacks is: refuse (default), a fault of the mapping; warn, left out and counted, as Port leaves it out without a word.",
  allowedEnvironmentVariablesInJQ:
    "Environment variables that expressions may read as env.NAME or $ENV.NAME. Default none.",
  resources: "Each entry turns the records of one kind into entities; several may share a kind.",
  "resources.*.kind": "Kind of record; a source binds to it by its file's name, or as <kind>=<path>.",
  "resources.*.prune": "What this resource owns of its blueprint, so that sync --prune may delete what is stale.",
  "resources.*.prune.where": "Only the entities of which a property or relation has this value.",
  "resources.*.prune.where.property": "Key of a property or relation that the resource maps.",
  "resources.*.prune.where.value": "Its value.",
  "resources.*.onMissingTarget":
    "What becomes of an entity whose relation target exists nowhere, by relation: reject, omit or create.",
  "resources.*.selector": "Which records count; keys beside query steer another integration.",
  "resources.*.selector.query": 'Expression that gives true or false. Default "true".',
  "resources.*.port": "What becomes of a record.",
  "resources.*.port.entity": "The entity.",
  "resources.*.port.entity.mappings":
    "Every value is a jq expression over one record; constant text is quoted twice: '\"service\"'.",
  "resources.*.port.entity.properties": "Ignored; properties belong under mappings.",
  "resources.*.port.entity.relations": "Ignored; relations belong under mappings.",
  "resources.*.port.entity.mappings.identifier": "The entity's identifier, or a search query.",
  "resources.*.port.entity.mappings.blueprint":
    "The blueprint's identifier; constant text is quoted for jq: '\"service\"'.",
  "resources.*.port.entity.mappings.title": "The entity's title.",
  "resources.*.port.entity.mappings.icon": "The entity's icon.",
  "resources.*.port.entity.mappings.team":
    "A team, a list of teams, or a search query; for blueprints with direct ownership.",
  "resources.*.port.entity.mappings.properties": "Properties of the blueprint by their keys.",
  "resources.*.port.entity.mappings.relations":
    "Relations of the blueprint by their keys: identifiers of targets, or a search query.",
  "resources.*.port.itemsToParse": "Expression that gives an array: one entity for each element.",
  "resources.*.port.itemsToParseName": "Key of the element beside the record's other fields. Default item.",
  "resources.*.port.itemsToParseTopLevelTransform":
    "Whether the array is removed from the record that accompanies an element. Default true.",
};

/** A JSON Schema, or a part of one. */
export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** The JSON Schema of the mapping file, made from the schema that mappings are parsed with; with a description of every key, for editors. */
export function mappingJsonSchema(): JsonSchema {
  const schema = schemaOf(mappingFile);
  dress(schema, "");
  for (const key of ignoredKeys)
    schema.properties = {
      ...schema.properties,
      [key]: { description: "Steers another integration of Port; has no effect here." },
    };
  return { title: "portload mapping", ...schema };
}

/** The JSON Schema of a file of mapping tests. */
export function mappingTestJsonSchema(): JsonSchema {
  return { title: "portload mapping tests", ...schemaOf(testFile) };
}

function schemaOf(root: z.ZodType): JsonSchema {
  const made = z.toJSONSchema(root, {
    target: "draft-7",
    // The output of parsing; the input is anything that is tidied up first.
    io: "output",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      const { def } = zodSchema._zod;
      if (def.type === "custom") jsonSchema.description = "A jq expression, a constant, or lists and objects of such.";
      if (def.type !== "object") return;
      // A key must be there when parsing refuses a file without it.
      const required = Object.entries(def.shape).flatMap(([key, inner]) =>
        z.safeParse(inner, undefined).success ? [] : [key],
      );
      if (required.length > 0) jsonSchema.required = required;
      else delete jsonSchema.required;
    },
  });
  // Parts that are used twice become their own, so that each can be described by its place.
  return JSON.parse(JSON.stringify(made)) as JsonSchema;
}

/** Describes every key below a schema, and accepts what parsing accepts besides its own output form. */
function dress(schema: JsonSchema, path: string): void {
  for (const branch of [schema, ...(schema.anyOf ?? [])] as JsonSchema[]) {
    for (const [key, inner] of Object.entries(branch.properties ?? {})) dressKey(inner as JsonSchema, path, key);
    for (const inner of [branch.items, branch.additionalProperties]) if (isSchema(inner)) dress(inner, `${path}*.`);
  }
}

function dressKey(schema: JsonSchema, base: string, key: string): void {
  const path = `${base}${key}`;
  dress(schema, `${path}.`);
  if (/\.mappings\.(?:properties|relations)$/.test(path)) orAlso(schema, { type: "null" });
  if (path === "onError") schema.enum = [...(schema.enum ?? []), null];
  if (path === "onError") delete schema.type;
  if (path === "resources.*.port.entity.mappings") orAlso(schema, { type: "array", minItems: 1, maxItems: 1 });
  const words = keyDescriptions[path.replace(/^sources\.\*/, "source")];
  if (words !== undefined) schema.description = words;
}

function orAlso(schema: JsonSchema, other: JsonSchema): void {
  const own = { ...schema };
  for (const key of Object.keys(own)) delete schema[key];
  schema.anyOf = [own, other];
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
