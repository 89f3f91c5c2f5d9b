import { access, constants, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Client, type ClientOptions, createClient } from "../../api/client.js";
import type { Blueprint } from "../../blueprint.js";
import { BlueprintError, CredentialsError, UsageError } from "../../errors.js";
import { namesIn, namesOf } from "../../init/find-relations.js";
import type { RelationTarget } from "../../init/proposal.js";
import type { Survey } from "../../init/survey.js";
import { quoted } from "../../reject.js";
import { loadBlueprintFiles } from "../run/blueprints.js";
import { clientOptionsOf } from "../run/client-options.js";

/** The blueprint of a file, or of the catalog by its identifier. @throws {BlueprintError} when there is none */
export async function findBlueprint(
  fileOrId: string,
  env: Readonly<Record<string, string | undefined>>,
  signal?: AbortSignal,
): Promise<Blueprint> {
  const isFile = await stat(fileOrId).then(
    (found) => found.isFile(),
    () => false,
  );
  if (isFile) {
    const [only, ...others] = await loadBlueprintFiles([fileOrId]);
    if (only !== undefined && others.length === 0) return only;
    throw new UsageError(
      `--blueprint ${fileOrId}: the file holds ${others.length + (only === undefined ? 0 : 1)} blueprints`,
      { hint: "Give a file with one." },
    );
  }
  if (/[\\/]|\.(?:json|ya?ml)$/.test(fileOrId)) throw new BlueprintError(`there is no file ${fileOrId}`);
  const isNew = `For a new one of this name: --blueprint-name ${quoted(fileOrId)}`;
  let target: ClientOptions;
  try {
    target = clientOptionsOf({}, env);
  } catch (error) {
    if (!(error instanceof CredentialsError)) throw error;
    const message = `there is no file ${fileOrId}, and the catalog cannot be asked for the blueprint: ${error.message}`;
    throw new CredentialsError(message, { hint: `${isNew}. ${error.hint}`, cause: error });
  }
  const client = createClient({ ...target, ...(signal && { signal }) });
  try {
    const blueprint = await client.getBlueprint(fileOrId);
    if (blueprint === undefined)
      throw new BlueprintError(`the catalog has no blueprint "${fileOrId}"`, { hint: isNew });
    return blueprint;
  } finally {
    await client.close();
  }
}

/** Where a proposal is written. */
interface Outputs {
  readonly out?: string | undefined;
  readonly blueprintsOut?: string | undefined;
  readonly yes: boolean;
}

/** @throws {UsageError} when the mapping file exists, or its folder is not there or may not be written to */
export async function checkOutputs({ out, yes }: Outputs): Promise<void> {
  if (out === undefined) return;
  await refuseToOverwrite([out], yes);
  const folder = dirname(out);
  await access(folder, constants.W_OK).catch((error: NodeJS.ErrnoException) => {
    const isMissing = error.code === "ENOENT" || error.code === "ENOTDIR";
    throw new UsageError(`${out} cannot be written: ${isMissing ? `there is no folder ${folder}` : error.message}`, {
      hint: isMissing ? `Make it first: mkdir -p ${folder}` : "Name a file in another folder.",
    });
  });
}

async function refuseToOverwrite(files: readonly string[], yes: boolean): Promise<void> {
  if (yes) return;
  for (const file of files) {
    const exists = await stat(file).then(
      () => true,
      () => false,
    );
    if (exists) throw new UsageError(`${file} exists`, { hint: "Name another file, or say --yes to overwrite it." });
  }
}

/**
 * Writes the mapping and the blueprints where asked, all of them or none: each is written under another name first.
 *
 * @returns the files written, and those of them that held something else before
 * @throws {UsageError} when one of them exists
 */
export async function writeFiles(
  outputs: Outputs,
  mapping: string,
  made: readonly Blueprint[],
): Promise<{ readonly written: string[]; readonly replaced: string[] }> {
  const { out, blueprintsOut, yes } = outputs;
  const files = [
    ...(out === undefined ? [] : [{ path: out, text: mapping }]),
    ...(blueprintsOut === undefined ? [] : made).map((blueprint) => ({
      path: join(blueprintsOut ?? "", `${blueprint.identifier.replaceAll(/[\\/:]/g, "_")}.json`),
      text: `${JSON.stringify(blueprint, null, 2)}\n`,
    })),
  ];
  await refuseToOverwrite(
    files.map(({ path }) => path),
    yes,
  );
  if (blueprintsOut !== undefined) await mkdir(blueprintsOut, { recursive: true });
  const replaced: string[] = [];
  for (const { path, text } of files) {
    const before = await readFile(path, "utf8").catch(() => text);
    if (before !== text) replaced.push(path);
  }
  const part = (path: string): string => `${path}.${process.pid}.part`;
  try {
    for (const { path, text } of files) await writeFile(part(path), text, { flush: true });
    for (const { path } of files) await rename(part(path), path);
  } finally {
    for (const { path } of files) await rm(part(path), { force: true });
  }
  return { written: files.map(({ path }) => path), replaced };
}

/** Names that one search asks for. */
const maxNames = 1000;

/**
 * Asks the catalog which of the names in surveyed sources are entities of it, by identifier, title and e-mail address.
 *
 * One search for each blueprint and each thousand names; nothing is written.
 *
 * @throws {ApiError | AuthError} when the API cannot be used
 */
export async function catalogTargets(surveys: readonly Survey[], options: ClientOptions): Promise<RelationTarget[]> {
  const names = [...new Set(surveys.flatMap((survey) => survey.fields.flatMap((field) => partsOf(namesIn(field)))))];
  const client = createClient(options);
  try {
    const targets: RelationTarget[] = [];
    for (const blueprint of await client.listBlueprints()) {
      const keys = await keysOf(client, blueprint, names);
      if (keys.length > 0) targets.push({ blueprint: blueprint.identifier, from: blueprint.title ?? "", keys });
    }
    return targets;
  } finally {
    await client.close();
  }
}

/** Names alone, and the parts of lists. */
function partsOf(texts: readonly string[]): string[] {
  return texts.flatMap((text) =>
    (/[;|,]/.test(text) ? [text, ...text.split(/[;|,]/)] : [text]).map((each) => each.trim()),
  );
}

async function keysOf(client: Client, blueprint: Blueprint, names: readonly string[]): Promise<RelationTarget["keys"]> {
  const addresses = Object.entries(blueprint.schema.properties).flatMap(([key, { type, format }]) =>
    type === "string" && (format === "email" || format === "user") ? [key] : [],
  );
  const found = new Map<string, Set<string>>(["$identifier", "$title", ...addresses].map((key) => [key, new Set()]));
  for (let at = 0; at < names.length; at += maxNames) {
    const value = names.slice(at, at + maxNames);
    const rules = [...found.keys()].map((property) => ({ property, operator: "in", value }));
    let from: string | undefined;
    do {
      const page = await client.search(blueprint.identifier, {
        query: { combinator: "or", rules },
        include: ["$identifier", "$title", ...addresses],
        limit: maxNames,
        ...(from !== undefined && { from }),
      });
      for (const { identifier, title, properties } of page.entities) {
        found.get("$identifier")?.add(identifier);
        if (typeof title === "string") found.get("$title")?.add(title);
        for (const [key, value] of Object.entries(properties ?? {}))
          if (addresses.includes(key) && typeof value === "string") found.get(key)?.add(value);
      }
      from = page.next === from ? undefined : page.next;
    } while (from !== undefined);
  }
  return [...found].flatMap(([property, values]) => (values.size === 0 ? [] : [{ ...namesOf(values), property }]));
}
