import { type Client, createClient } from "../api/client.js";
import type { Blueprint } from "../blueprint.js";
import { writtenByPort } from "../check/read-only.js";
import { BlueprintError, UsageError } from "../errors.js";
import { type ExportOptions, exportOptions } from "../options/catalog.js";
import { parseOptions } from "../options/parse.js";
import { targetsFirst } from "./apply-blueprints.js";
import { exportForm, exportMapping } from "./entity/export-forms.js";
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
