import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import type { FoundEntity } from "../../entity.js";
import { StateError } from "../../errors.js";
import type { KnownBase } from "../../plan/owned-before.js";
import { stateError } from "../../state/files.js";
import { writeWhole } from "../../state/folders.js";
import type { State } from "../../state/state.js";
import type { Target } from "../target/target.js";
import type { PruneScope } from "./scope.js";

/** An entity whose deletion was sent. */
const doubt = z.object({ identifier: z.string(), createdAt: z.string().optional() });

/** What is kept of one blueprint's ownership: a file in the state folder, so that it outlives the folders of imports. Times are milliseconds. */
const record = z.object({
  format: z.literal(1),
  target: z.string(),
  blueprint: z.string(),
  /** What is owned of it, by meaning: the mapping's wording does not matter. */
  scope: z.string(),
  /** When a prune finished last, by this machine's clock. */
  finishedMs: z.number().optional(),
  /** See {@link KnownBase}. */
  owned: z.number().optional(),
  sinceMs: z.number().optional(),
  deleted: z.number(),
  /** When that was last counted, by this machine's clock. */
  deletedMs: z.number().optional(),
  /** Sent to be deleted, by a run that may have been killed before the reply. */
  inDoubt: z.array(doubt),
});
type BaseRecord = z.infer<typeof record>;
type MemoryDoubt = z.infer<typeof doubt>;

/** Scope of a blueprint whose entities are only deleted as dependents of others. */
const dependentsScope = "dependents";

/** What is known of blueprints from earlier nights, and what must be known after this one. */
export interface PruneMemory {
  of(blueprint: string): KnownBase & { readonly inDoubt: readonly MemoryDoubt[] };
  /** Notes that a night begins. @param nowMs - by the server's clock */
  begin(nowMs: number): Promise<void>;
  /** Notes which entities of a deletion in doubt are gone. */
  settleDoubt(blueprint: string, gone: number): void;
  /** Lasts before a deletion is sent. */
  sending(blueprint: string, entities: readonly FoundEntity[]): Promise<void>;
  /** Lasts before the first deletion that takes dependents along. */
  sendingDependents(blueprint: string, identifiers: readonly string[]): Promise<void>;
  settled(blueprint: string, gone: number): void;
  /** Notes that everything stale is gone. @param left - entities owned now, by blueprint */
  finished(left: ReadonlyMap<string, number>): Promise<void>;
}

/** What a memory is opened for. */
export interface MemoryOf {
  readonly stateDir: string;
  readonly target: string;
  readonly scope: Pick<PruneScope, "blueprints" | "queryOf">;
  /** This machine's clock, milliseconds since the epoch. */
  readonly nowMs: () => number;
  /** True where nothing is to be kept. */
  readonly readOnly?: boolean;
}

/** Opens the memory of a state folder. @throws {StateError} when something of it is damaged */
export async function openPruneMemory({
  stateDir,
  target,
  scope,
  nowMs,
  readOnly = false,
}: MemoryOf): Promise<PruneMemory> {
  const records = new Map<string, BaseRecord>();
  for (const one of await readRecords(stateDir)) records.set(fileOf(one), one);
  const scopeOf = (blueprint: string): string =>
    scope.blueprints.includes(blueprint) ? scopeText(scope.queryOf(blueprint).rules) : dependentsScope;
  const own = (blueprint: string): BaseRecord => {
    const name = { target, blueprint, scope: scopeOf(blueprint) };
    return records.get(fileOf(name)) ?? { format: 1, ...name, deleted: 0, inDoubt: [] };
  };
  /** What runs of the same blueprint under another scope left unfinished since. */
  const others = (blueprint: string): readonly BaseRecord[] => {
    const { scope: mine, finishedMs = 0 } = own(blueprint);
    return [...records.values()].filter(
      (one) =>
        one.target === target &&
        one.blueprint === blueprint &&
        one.scope !== mine &&
        Math.max(one.deletedMs ?? 0, one.sinceMs ?? 0) > finishedMs,
    );
  };
  const dependents = new Map<string, readonly MemoryDoubt[]>();
  const set = (blueprint: string, change: Partial<BaseRecord>): BaseRecord => {
    const next = { ...own(blueprint), ...change };
    records.set(fileOf(next), next);
    return next;
  };
  const keep = async (blueprint: string, change: Partial<BaseRecord>): Promise<void> => {
    const next = set(blueprint, change);
    if (!readOnly) await writeWhole(join(stateDir, fileOf(next)), `${JSON.stringify(next)}\n`);
  };
  return {
    of(blueprint) {
      const { owned, deleted, inDoubt, ...mine } = own(blueprint);
      const since = [mine, ...others(blueprint)].flatMap(({ sinceMs }) => sinceMs ?? []);
      const elsewhere = others(blueprint).reduce((sum, one) => sum + one.deleted + one.inDoubt.length, 0);
      return {
        ...(owned !== undefined && { owned }),
        ...(since.length > 0 && { sinceMs: Math.min(...since) }),
        deleted: deleted + elsewhere,
        inDoubt,
      };
    },
    async begin(serverMs) {
      for (const blueprint of scope.blueprints) {
        const { sinceMs } = own(blueprint);
        if (sinceMs === undefined) await keep(blueprint, { sinceMs: serverMs });
      }
    },
    settleDoubt(blueprint, gone) {
      set(blueprint, { deleted: own(blueprint).deleted + gone, inDoubt: [] });
    },
    async sending(blueprint, entities) {
      const part = entities.map(({ identifier, createdAt }) => ({
        identifier,
        ...(typeof createdAt === "string" && { createdAt }),
      }));
      const inDoubt = [...(dependents.get(blueprint) ?? []), ...part];
      await keep(blueprint, { inDoubt, deletedMs: nowMs() });
    },
    async sendingDependents(blueprint, identifiers) {
      const doubts = identifiers.map((identifier) => ({ identifier }));
      dependents.set(blueprint, doubts);
      await keep(blueprint, { inDoubt: [...own(blueprint).inDoubt, ...doubts], deletedMs: nowMs() });
    },
    settled(blueprint, gone) {
      const inDoubt = [...(dependents.get(blueprint) ?? [])];
      set(blueprint, { deleted: own(blueprint).deleted + gone, inDoubt });
    },
    async finished(left) {
      for (const [blueprint, owned] of left) {
        const { sinceMs: _, deletedMs: __, ...kept } = own(blueprint);
        records.set(fileOf(kept), kept);
        await keep(blueprint, { owned, finishedMs: nowMs(), deleted: 0, inDoubt: [] });
      }
    },
  };
}

/** Finds out what became of deletions that an earlier run sent without seeing a reply: what still exists as it was then was not deleted. */
export async function settleDoubt(target: Target, memory: PruneMemory, blueprint: string): Promise<void> {
  const { inDoubt } = memory.of(blueprint);
  if (inDoubt.length === 0) return;
  const names = inDoubt.map(({ identifier }) => identifier);
  const found = await target.lookUp(blueprint, names, ["$identifier", "$createdAt"]);
  const gone = inDoubt.filter(({ identifier, createdAt }) => {
    const held = found.get(identifier);
    return held === undefined || (createdAt !== undefined && held.createdAt !== createdAt);
  });
  memory.settleDoubt(blueprint, gone.length);
}

/** The folder that holds an import's folder, and what its prunes must not forget. */
export function stateDirOf({ folder }: Pick<State, "folder">): string {
  return dirname(folder);
}

function scopeText(rules: readonly unknown[]): string {
  return JSON.stringify(rules.map((rule) => JSON.stringify(rule)).sort());
}

function fileOf({ target, blueprint, scope }: Pick<BaseRecord, "target" | "blueprint" | "scope">): string {
  const name = createHash("sha256")
    .update(JSON.stringify([target, blueprint, scope]))
    .digest("hex")
    .slice(0, 16);
  return `prune-${name}.json`;
}

async function readRecords(stateDir: string): Promise<readonly BaseRecord[]> {
  const names = await readdir(stateDir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw stateError(stateDir, error);
  });
  return Promise.all(
    names.filter((name) => /^prune-[0-9a-f]{16}\.json$/.test(name)).map((name) => readRecord(join(stateDir, name))),
  );
}

async function readRecord(path: string): Promise<BaseRecord> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw stateError(path, error);
  });
  try {
    return record.parse(JSON.parse(text));
  } catch (cause) {
    throw new StateError(`${path} is damaged: it says what a prune may delete`, {
      cause,
      hint: "Restore it from a copy, or remove it: the next prune is then judged by the catalog's dates alone.",
    });
  }
}
