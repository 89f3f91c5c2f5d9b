import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect } from "vitest";
import type { Mode } from "../../src/entity.js";
import { blueprintOf } from "./catalog.js";
import { runInProcess } from "./in-process.js";
import { latestFolder, type NextCommand, type Scenario, type World } from "./kills.js";
import { catalogOf } from "./nodes.js";

/** A record of the inventory that is killed: relations forwards, backwards and round in rings. */
interface Node {
  readonly id: string;
  readonly weight: number | string;
  readonly parent?: string | null;
  readonly friends?: readonly string[];
}

const node = blueprintOf("node", {
  schema: { properties: { weight: { type: "number" }, origin: { type: "string" } } },
  relations: { parent: { target: "node" }, friends: { target: "node", many: true } },
});

/** Writes an inventory and a mapping that owns what it writes; gives the arguments that name both. */
async function writeInventory(folder: string, nodes: readonly Node[], name = "nodes"): Promise<readonly string[]> {
  const source = join(folder, `${name}.ndjson`);
  const mapping = join(folder, `${name}.yaml`);
  await writeFile(source, nodes.map((one) => `${JSON.stringify(one)}\n`).join(""));
  await writeFile(
    mapping,
    `resources:
  - kind: ${name}
    prune: { where: { property: origin, value: ${name} } }
    selector: { query: "true" }
    port:
      entity:
        mappings:
          identifier: .id
          blueprint: '"node"'
          properties: { weight: .weight, origin: '"${name}"' }
          relations: { parent: .parent, friends: .friends }
`,
  );
  return [source, "-m", mapping];
}

/** The identifier of a node by its position in the source of an import. */
export function nodeAt(position: number): string {
  return `n${position - 1}`;
}

/** Nodes `from` up to `to`, of which one in a hundred relations points nowhere and `heavy` of a thousand are rejected. */
function someNodes(random: () => number, from: number, to: number, heavy: number, nowhere = 0.01): readonly Node[] {
  const any = (): string => `n${Math.floor(random() * to * (1 + nowhere))}`;
  return Array.from({ length: to - from }, (_, i) => ({
    id: `n${from + i}`,
    weight: random() < heavy / 1000 ? "heavy" : from + i,
    ...(random() < 0.6 && { parent: any() }),
    ...(random() < 0.3 && { friends: [...new Set([any(), any()])] }),
  }));
}

/** An import of 200 to 400 records into an empty catalog; a killed one is resumed. */
export function importScenario(mode: Mode): Scenario {
  return {
    name: `an import in mode ${mode}`,
    blueprints: [node],
    async begin({ folder, stateDir }, random) {
      const given = await writeInventory(folder, someNodes(random, 0, 200 + Math.floor(random() * 200), 10));
      return async (before) => {
        if (before !== undefined && before.code !== null) return undefined;
        const isBegun = (await latestFolder(stateDir)) !== undefined;
        return [...(isBegun ? ["resume"] : ["import", ...given, "--mode", mode]), "--state-dir", stateDir];
      };
    },
  };
}

/** What is special about a night. */
type Night = "usual" | "with rejects" | "beyond the limit" | "renamed beyond the limit";

/**
 * A night after which the sources have changed: some entities are new, some differ, some are gone. In one night of five records are rejected, which bars
 * the deletions; in two of five more is gone than the limit of 10 % allows.
 *
 * @returns arguments that name mapping and sources, for a catalog that holds what was before and entities that somebody else owns; and whether deletions are refused
 */
async function secondNight(world: World, random: () => number) {
  const { folder, stateDir, env } = world;
  const run = async (args: readonly string[]) => {
    const ended = await runInProcess([...args, "--quiet"], env);
    expect(ended.code, ended.stderr).toBe(0);
  };
  const nights: readonly Night[] = ["usual", "usual", "with rejects", "beyond the limit", "renamed beyond the limit"];
  const night = nights[Math.floor(random() * nights.length)] ?? "usual";
  const owned = 150 + Math.floor(random() * 150);
  const shares = { usual: 0.08, "with rejects": 0.05, "beyond the limit": 0.3, "renamed beyond the limit": 0.102 };
  const goes = Math.ceil(owned * shares[night]);
  // What goes comes first and relates to anything; what stays relates to nothing of it, so that it can go.
  const stays = someNodes(random, 0, owned - goes, 0, 0);
  const stale = someNodes(random, owned - goes, owned, 0, 0);
  await run(["sync", ...(await writeInventory(folder, [...stale, ...stays])), "--prune", "--state-dir", stateDir]);
  const others = someNodes(random, 0, 20, 0, 0).map((one) => ({ ...one, id: `other-${one.id}` }));
  await run(["import", ...(await writeInventory(folder, others, "others")), "--state-dir", join(folder, "others")]);
  const changed = stays.map((one) => {
    const kind = random();
    if (kind < 0.2) return { ...one, weight: -1 };
    return kind < 0.3 ? { ...one, parent: `n${Math.floor(random() * (owned - goes))}` } : one;
  });
  const fresh = someNodes(random, owned, Math.floor(owned * (night === "renamed beyond the limit" ? 1.3 : 1.1)), 0, 0)
    .map((one) => ({ ...one, friends: [`n${Math.floor(random() * (owned - goes))}`] }))
    .map((one) => ({ id: one.id, weight: one.weight, friends: one.friends }));
  const bad: readonly Node[] = night === "with rejects" ? [{ id: "bad", weight: "heavy" }] : [];
  const all = [...changed, ...fresh, ...bad];
  for (let i = all.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [all[i], all[j]] = [all[j] as Node, all[i] as Node];
  }
  return { given: await writeInventory(folder, all), isRefused: night !== "usual" };
}

/** A sync that deletes what is stale; a killed one is begun again. */
export function pruneScenario(mode: Exclude<Mode, "create">): Scenario {
  return {
    name: `a sync with prune in mode ${mode}`,
    blueprints: [node],
    async begin(world, random) {
      const { given, isRefused } = await secondNight(world, random);
      const args = ["sync", ...given, "--prune", "--mode", mode, "--state-dir", world.stateDir];
      return async (before) => {
        if (before === undefined || before.code === null) return args;
        expect(before.code, before.stderr).toBe(isRefused ? 6 : 0);
        return undefined;
      };
    },
  };
}

/** A plan that is applied. A killed apply is tried again: where it had written anything, the plan is refused, and a new one is made. */
export const applyScenario: Scenario = {
  name: "an apply",
  blueprints: [node],
  async begin(world, random): Promise<NextCommand> {
    const { emulator, env, folder, stateDir } = world;
    const { given, isRefused } = await secondNight(world, random);
    const file = join(folder, "tonight.plan");
    const makePlan = async (): Promise<readonly string[]> => {
      const args = ["plan", ...given, "--out", file, "--state-dir", stateDir];
      let ended = await runInProcess([...args, "--prune"], env);
      expect(ended.code, ended.stderr).toBe(isRefused ? 6 : 0);
      if (isRefused) ended = await runInProcess(args, env);
      expect([0, 1], ended.stderr).toContain(ended.code);
      return ["apply", file, "--state-dir", stateDir];
    };
    let held: readonly unknown[] = [];
    return async (before) => {
      if (before === undefined) return makePlan();
      if (before.code === null) {
        held = catalogOf(emulator);
        return ["apply", file, "--state-dir", stateDir];
      }
      if (before.code !== 6) return undefined;
      expect(before.stderr).toMatch(/nothing is applied: the catalog drifted/);
      expect(catalogOf(emulator)).toEqual(held);
      return makePlan();
    };
  },
};

/** The undo of a night. A killed one is resumed, or begun again where it had no plan yet; it must end with the catalog before that night. */
export const undoScenario: Scenario = {
  name: "an undo",
  blueprints: [node],
  async begin(world, random): Promise<NextCommand> {
    const { emulator, env, stateDir } = world;
    const { given } = await secondNight(world, random);
    const held = catalogOf(emulator);
    const allowed = ["--max-delete", "100%", "--max-delete", "1000", "--state-dir", stateDir];
    const night = await runInProcess(["sync", ...given, "--prune", ...allowed, "--quiet"], env);
    expect([0, 6], night.stderr).toContain(night.code);
    expect(catalogOf(emulator)).not.toEqual(held);
    const done = (await latestFolder(stateDir)) ?? "";
    return async (before) => {
      if (before !== undefined && before.code !== null) {
        expect(before.code, before.stderr).toBe(0);
        expect(catalogOf(emulator)).toEqual(held);
        return undefined;
      }
      const folder = (await latestFolder(stateDir)) ?? "";
      const isBegun = folder !== done && existsSync(join(folder, "plan.ndjson"));
      return isBegun ? ["resume", "--state-dir", stateDir] : ["undo", basename(done), "--yes", ...allowed];
    };
  },
};
