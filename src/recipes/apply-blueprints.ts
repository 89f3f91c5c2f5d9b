import { resolveApiUrl } from "../addresses.js";
import { type Client, createClient } from "../api/client.js";
import type { Blueprint, Blueprints } from "../blueprint.js";
import { BlueprintError, GuardError, PortloadError } from "../errors.js";
import { version } from "../version.js";
import {
  type BlueprintChange,
  blueprintChanges,
  findLosses,
  loadBlueprints,
  refuseFaults,
  refuseLosses,
  withoutStamps,
} from "./check-blueprints.js";
import { credentialsFrom } from "./run/client-options.js";

/** What became of a blueprint. */
export interface AppliedBlueprint {
  readonly identifier: string;
  readonly is: "created" | "updated" | "unchanged";
}

/** Where the catalog is. */
export interface BlueprintIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly apiUrl?: string | undefined;
  readonly signal?: AbortSignal;
}

/**
 * Creates or replaces the blueprints of files and folders; one that is as the catalog has it is left alone.
 *
 * @param options.allowRemoval - take away what the files lack: properties, relations and other members, with the values that entities hold there. Default false
 * @throws {BlueprintError} with the faults of all files, before anything is sent; and when the API refuses one, naming those before it, which stay
 * @throws {GuardError} when something would be taken away, naming all of it and how many entities hold it
 */
export async function applyBlueprintFiles(
  paths: readonly string[],
  { allowRemoval = false, ...io }: BlueprintIo & { readonly allowRemoval?: boolean },
): Promise<readonly AppliedBlueprint[]> {
  const blueprints = await loadBlueprints(paths);
  return withCatalog(io, async (client) => {
    const held = await catalogOf(client);
    refuseFaults(blueprints, held);
    if (!allowRemoval) refuseLosses(await findLosses(blueprints, held, client), paths);
    return applyBlueprints(blueprints, held, client);
  });
}

/** A blueprint of a file beside the catalog's. */
export interface BlueprintDifference {
  readonly identifier: string;
  readonly is: "new" | "changed" | "same";
  readonly changes: readonly BlueprintChange[];
}

/** Compares the blueprints of files and folders with the catalog's, and writes nothing. @throws {BlueprintError} with the faults of all files */
export async function diffBlueprintFiles(
  paths: readonly string[],
  io: BlueprintIo,
): Promise<readonly BlueprintDifference[]> {
  const blueprints = await loadBlueprints(paths);
  return withCatalog(io, async (client) => {
    const held = await catalogOf(client);
    return blueprints.map((blueprint): BlueprintDifference => {
      const before = held.get(blueprint.identifier);
      const changes = blueprintChanges(before, blueprint);
      const is = before === undefined ? "new" : changes.length > 0 ? "changed" : "same";
      return { identifier: blueprint.identifier, is, changes };
    });
  });
}

/** Reads blueprints as files have them; all of the catalog's where none is named. @throws {BlueprintError} for one that there is not */
export async function getBlueprints(identifiers: readonly string[], io: BlueprintIo): Promise<readonly Blueprint[]> {
  return withCatalog(io, async (client) => {
    const all = await client.listBlueprints();
    if (identifiers.length === 0) return all.map(withoutStamps);
    const names = all.map(({ identifier }) => identifier);
    const missing = identifiers.filter((identifier) => !names.includes(identifier));
    if (missing.length > 0)
      throw new BlueprintError(`there is no blueprint ${missing.join(", ")}`, {
        hint: `There is ${names.join(", ")}.`,
      });
    return identifiers.flatMap((one) => all.filter(({ identifier }) => identifier === one)).map(withoutStamps);
  });
}

/**
 * Deletes a blueprint that has no entities and that no other relates to.
 *
 * @param agree - asked before it is deleted; false leaves it
 * @returns whether it was deleted
 * @throws {BlueprintError} where there is none
 * @throws {GuardError} while it has entities, or others relate to it
 */
export async function deleteBlueprint(
  identifier: string,
  io: BlueprintIo,
  agree: () => Promise<boolean>,
): Promise<boolean> {
  return withCatalog(io, async (client) => {
    const all = await client.listBlueprints();
    if (all.every((one) => one.identifier !== identifier))
      throw new BlueprintError(`there is no blueprint ${identifier}`);
    const count = await client.countEntities(identifier);
    if (count > 0)
      throw new GuardError(`${identifier} is not deleted: it has ${count === 1 ? "1 entity" : `${count} entities`}`, {
        hint: `To delete them, too: portload entity delete-all ${identifier} --delete-blueprint`,
      });
    const relating = all.filter(
      ({ identifier: other, relations }) =>
        other !== identifier && Object.values(relations ?? {}).some(({ target }) => target === identifier),
    );
    if (relating.length > 0)
      throw new GuardError(
        `${identifier} is not deleted: ${relating.map((other) => other.identifier).join(", ")} relate to it`,
        {
          hint: "Take these relations out of their files first, then: portload blueprint apply blueprints --allow-removal",
        },
      );
    if (!(await agree())) return false;
    await client.deleteBlueprint(identifier);
    return true;
  });
}

async function catalogOf(client: Client): Promise<Blueprints> {
  return new Map((await client.listBlueprints()).map((blueprint) => [blueprint.identifier, blueprint]));
}

async function withCatalog<T>({ env, apiUrl, signal }: BlueprintIo, work: (client: Client) => Promise<T>): Promise<T> {
  const client = createClient({
    apiUrl: resolveApiUrl({ env, ...(apiUrl !== undefined && { apiUrl }) }),
    env,
    credentials: credentialsFrom(env),
    userAgent: `portload/${version}`,
    ...(signal && { signal }),
  });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

/**
 * Creates or replaces blueprints, relation targets first. Those that relate to each other in a circle are created without these relations first.
 *
 * @throws {BlueprintError} when the API refuses one, naming what was done before it
 */
async function applyBlueprints(
  blueprints: readonly Blueprint[],
  held: ReadonlyMap<string, Blueprint>,
  client: Client,
): Promise<readonly AppliedBlueprint[]> {
  const applied: AppliedBlueprint[] = [];
  const isSame = (blueprint: Blueprint): boolean =>
    held.has(blueprint.identifier) && blueprintChanges(held.get(blueprint.identifier), blueprint).length === 0;
  const changed = blueprints.filter((blueprint) => !isSame(blueprint));
  const later: Blueprint[] = [];
  try {
    await createMissing(changed, held, client, applied, later);
    // A path may pass any of them, so all get their relations before any gets its paths.
    for (const blueprint of later.filter(followsPaths)) await client.replaceBlueprint(withoutPaths(blueprint));
    for (const blueprint of [...later]) {
      await client.replaceBlueprint(blueprint);
      later.splice(later.indexOf(blueprint), 1);
    }
    for (const blueprint of targetsFirst(changed)) {
      if (!held.has(blueprint.identifier)) continue;
      await client.replaceBlueprint(blueprint);
      applied.push({ identifier: blueprint.identifier, is: "updated" });
    }
  } catch (error) {
    if (!(error instanceof PortloadError)) throw error;
    throw new BlueprintError(`${error.message}\n${stateOf(changed, applied, later)}`, {
      cause: error,
      ...(error.hint !== undefined && { hint: error.hint }),
    });
  }
  const unchanged = blueprints
    .filter(isSame)
    .map(({ identifier }): AppliedBlueprint => ({ identifier, is: "unchanged" }));
  return [...applied, ...unchanged];
}

/** @param applied - takes those that are made; @param later - takes those of them that lack relations or paths as yet */
async function createMissing(
  changed: readonly Blueprint[],
  held: ReadonlyMap<string, Blueprint>,
  client: Client,
  applied: AppliedBlueprint[],
  later: Blueprint[],
): Promise<void> {
  const existing = new Set(held.keys());
  for (const blueprint of targetsFirst(changed)) {
    if (held.has(blueprint.identifier)) continue;
    const relations = Object.entries(blueprint.relations ?? {});
    const ready = relations.filter(([, { target }]) => existing.has(target) || target === blueprint.identifier);
    const waits = ready.length < relations.length || (later.length > 0 && followsPaths(blueprint));
    const first = waits ? withoutPaths(blueprint) : blueprint;
    await client.createBlueprint({ ...first, relations: Object.fromEntries(ready) });
    if (waits) later.push(blueprint);
    existing.add(blueprint.identifier);
    applied.push({ identifier: blueprint.identifier, is: "created" });
  }
}

/** What was done before the API refused one, and what was not. */
function stateOf(
  changed: readonly Blueprint[],
  applied: readonly AppliedBlueprint[],
  later: readonly Blueprint[],
): string {
  const names = (of: readonly { readonly identifier: string }[]) =>
    of.length === 0 ? "none" : of.map(({ identifier }) => identifier).join(", ");
  const done = new Set(applied.map(({ identifier }) => identifier));
  const halves = later.length === 0 ? "" : `; without some of their relations as yet: ${names(later)}`;
  const left = changed.filter(({ identifier }) => !done.has(identifier));
  return `  created: ${names(applied.filter(({ is }) => is === "created"))}; updated: ${names(applied.filter(({ is }) => is === "updated"))}; not applied: ${names(left)}${halves}`;
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
