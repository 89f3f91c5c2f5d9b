import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { sampleSource } from "../authoring/trace-records.js";
import type { Blueprints } from "../blueprint.js";
import { UsageError } from "../errors.js";
import { nameOfSource, optionsOfSource, type Source } from "../given-source.js";
import type { LintFinding } from "../lint/codes.js";
import { lintMapping } from "../lint/lint-mapping.js";
import { datePaths } from "../lint/lint-sources.js";
import { parseTolerant } from "../lint/parse-tolerant.js";
import { startJq } from "../map/jq.js";
import { type Mapping, sourceOptionsFor } from "../map/mapping-file.js";
import { blanksOf } from "../map/prepare.js";
import { type LintOptions, lintOptions } from "../options/authoring.js";
import { parseOptions, type Resolved } from "../options/option.js";
import type { BoundSource } from "../read/bind.js";
import { extensionOf, extensions } from "../read/format.js";
import { readSource } from "../read/read.js";
import { loadBlueprintFolder } from "./run/blueprints.js";
import { bindTo, mappingJson, objectName } from "./run/inventory.js";

/**
 * Checks mapping files offline: against themselves, jq, blueprints where a folder is given, and sources where some are given. No API, no credentials.
 *
 * @returns every finding of every file, in the order of files and lines
 * @throws {BlueprintError | SourceError} when blueprints or a source cannot be read
 * @throws {UsageError} when a source fits no kind of any mapping
 */
export async function lint(given: LintOptions): Promise<readonly LintFinding[]> {
  const options = parseOptions(lintOptions, given);
  const blueprints =
    options.blueprints === undefined
      ? undefined
      : new Map(
          (await loadBlueprintFolder(options.blueprints, "any")).map((blueprint) => [blueprint.identifier, blueprint]),
        );
  const engine = startJq();
  const bound = new Set<Source>();
  const findings: LintFinding[] = [];
  try {
    for (const given of options.mappings) {
      const file = typeof given === "string" ? given : objectName;
      const text = typeof given === "string" ? await textOf(given) : mappingJson(given, file);
      if (typeof text !== "string") {
        findings.push(text);
        continue;
      }
      const found = await lintMapping(text, file, {
        compile: (expression) => engine.compile(expression),
        ...(blueprints !== undefined && { blueprints }),
        sample: (mapping) => sampleAll(mapping, options, blueprints ?? new Map(), bound),
      });
      // An object has no lines.
      findings.push(...(typeof given === "string" ? found : found.map(({ line: _, ...finding }) => finding)));
    }
  } finally {
    await engine.close();
  }
  const lost = options.source.filter((source) => !bound.has(source));
  if (lost.length > 0 && findings.every(({ severity }) => severity !== "error"))
    throw new UsageError(`no kind of the mapping fits the source ${lost.map(nameOfSource).join(", ")}`, {
      hint: "Say which: --source <kind>=<path>",
    });
  return findings;
}

/** The files beside mappings, or in the working folder, that have the names of their kinds: their columns may be compared. */
export async function sourcesBeside(mappings: LintOptions["mappings"]): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const file of mappings) {
    const text = typeof file === "string" ? await textOf(file) : "";
    if (typeof file !== "string" || typeof text !== "string") continue;
    const folders = new Set([dirname(file), "."]);
    for (const kind of new Set(parseTolerant(text, file).mapping?.resources.map((resource) => resource.kind)))
      for (const folder of folders) {
        const names = (await readdir(folder)).filter((name) => kind === basename(name, extname(name)));
        const name = names.find((each) => each !== basename(file) && extensions[extensionOf(each)] !== undefined);
        if (name === undefined) continue;
        found.add(join(folder, name));
        break;
      }
  }
  return [...found];
}

async function textOf(file: string): Promise<string | LintFinding> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    const message = isMissing ? "there is no such file" : (error as Error).message;
    return { file, path: "", code: "not_readable", severity: "error", message, fix: "name a mapping file" };
  }
}

async function sampleAll(
  mapping: Mapping,
  options: Resolved<typeof lintOptions>,
  blueprints: Blueprints,
  bound: Set<Source>,
) {
  const samples = [];
  for (const arg of options.source) {
    for (const source of await bind(arg, mapping)) {
      bound.add(arg);
      const read = optionsOfSource(source, sourceOptionsFor(mapping, source.kind));
      const records = readSource(source, read, { limit: options.sample });
      samples.push(
        await sampleSource(source, records, blanksOf(read.blanks), datePaths(mapping, source.kind, blueprints)),
      );
    }
  }
  return samples;
}

/** A source that fits none of one mapping's kinds may fit another mapping. */
async function bind(arg: Source, mapping: Mapping): Promise<readonly BoundSource[]> {
  try {
    return (await bindTo(mapping, [arg])).sources;
  } catch (error) {
    if (error instanceof UsageError) return [];
    throw error;
  }
}
