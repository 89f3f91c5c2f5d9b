import { stat } from "node:fs/promises";
import { resolveApiUrl } from "../api/addresses.js";
import { type Client, createClient } from "../api/client.js";
import type { Blueprint } from "../blueprint.js";
import { version } from "../version.js";
import { loadBlueprintFiles, loadBlueprintFolder } from "./run/blueprints.js";
import { credentialsFrom } from "./run/client-options.js";

/** What became of a blueprint. */
export interface AppliedBlueprint {
  readonly identifier: string;
  readonly is: "created" | "updated";
}

/**
 * Creates or replaces the blueprints of files and folders.
 *
 * @throws {BlueprintError} with the faults of all files, before anything is sent
 * @throws {ApiError} when the API refuses one; those before it stand
 */
export async function applyBlueprintFiles(
  paths: readonly string[],
  {
    env,
    apiUrl,
    signal,
  }: {
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly apiUrl?: string;
    readonly signal?: AbortSignal;
  },
): Promise<readonly AppliedBlueprint[]> {
  const blueprints = (await Promise.all(paths.map(load))).flat();
  const client = createClient({
    apiUrl: resolveApiUrl({ env, ...(apiUrl !== undefined && { apiUrl }) }),
    env,
    credentials: credentialsFrom(env),
    userAgent: `portload/${version}`,
    ...(signal && { signal }),
  });
  try {
    return await applyBlueprints(blueprints, client);
  } finally {
    await client.close();
  }
}

async function load(path: string): Promise<readonly Blueprint[]> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return isFolder ? loadBlueprintFolder(path) : loadBlueprintFiles([path]);
}

/**
 * Creates or replaces blueprints, relation targets first. Those that relate to each other in a circle are created without these relations first.
 *
 * @throws {ApiError} when the API refuses one; those before it stand
 */
export async function applyBlueprints(
  blueprints: readonly Blueprint[],
  client: Client,
): Promise<readonly AppliedBlueprint[]> {
  const existing = new Set((await client.listBlueprints()).map(({ identifier }) => identifier));
  const missing = blueprints.filter(({ identifier }) => !existing.has(identifier));
  const applied: AppliedBlueprint[] = [];
  const later: Blueprint[] = [];
  for (const blueprint of targetsFirst(missing)) {
    const relations = Object.entries(blueprint.relations ?? {});
    const ready = relations.filter(([, { target }]) => existing.has(target) || target === blueprint.identifier);
    const waits = ready.length < relations.length || (later.length > 0 && followsPaths(blueprint));
    const first = waits ? withoutPaths(blueprint) : blueprint;
    await client.createBlueprint({ ...first, relations: Object.fromEntries(ready) });
    if (waits) later.push(blueprint);
    existing.add(blueprint.identifier);
    applied.push({ identifier: blueprint.identifier, is: "created" });
  }
  // A path may pass any of them, so all get their relations before any gets its paths.
  for (const blueprint of later.filter(followsPaths)) await client.replaceBlueprint(withoutPaths(blueprint));
  for (const blueprint of later) await client.replaceBlueprint(blueprint);
  for (const blueprint of blueprints) {
    if (missing.includes(blueprint)) continue;
    await client.replaceBlueprint(blueprint);
    applied.push({ identifier: blueprint.identifier, is: "updated" });
  }
  return applied;
}

/** True when a blueprint looks along relations, its own or those of others. @source a live reply refuses a mirror whose path does not exist */
function followsPaths({ mirrorProperties, ownership }: Blueprint): boolean {
  return Object.keys(mirrorProperties ?? {}).length > 0 || ownership?.type === "Inherited";
}

function withoutPaths({ mirrorProperties: _, ownership, ...rest }: Blueprint): Blueprint {
  return ownership === undefined || ownership?.type === "Inherited" ? rest : { ...rest, ownership };
}

/** Blueprints after those they relate to, as far as there is such an order. */
export function targetsFirst(blueprints: readonly Blueprint[]): readonly Blueprint[] {
  const byIdentifier = new Map(blueprints.map((blueprint) => [blueprint.identifier, blueprint]));
  const ordered = new Set<Blueprint>();
  const entered = new Set<Blueprint>();
  const visit = (blueprint: Blueprint): void => {
    if (entered.has(blueprint)) return;
    entered.add(blueprint);
    for (const { target } of Object.values(blueprint.relations ?? {})) {
      const next = byIdentifier.get(target);
      if (next !== undefined) visit(next);
    }
    ordered.add(blueprint);
  };
  blueprints.forEach(visit);
  return [...ordered];
}
