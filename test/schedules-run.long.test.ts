import { execFile, execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { Emulator } from "../src/emulator/emulator.js";
import { blueprintOf, envOf, makeFolder, root, startCatalog } from "./support/catalog.js";
import { type Container, canContain, startContainer } from "./support/container.js";
import type { Ended } from "./support/program.js";
import { playSteps, type Step } from "./support/runner.js";

/** Each schedule as it ships, two nights in a row on machines that share nothing but what the schedule keeps. */

const textOf = (name: string): string => readFileSync(join(root, "docs/schedules", name), "utf8");
const mapping = `resources:
  - kind: nodes
    prune: all
    port: { entity: { mappings: { identifier: .id, blueprint: '"node"' } } }
`;
const range = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => `i${from + i}`);

/** Writes the inventory of a night into the folder that the schedules read. */
function writeInventory(folder: string, ids: readonly string[]): void {
  mkdirSync(join(folder, "exports"), { recursive: true });
  writeFileSync(join(folder, "exports/nodes.csv"), `id\n${ids.join("\n")}\n`);
  writeFileSync(join(folder, "mapping.yaml"), mapping);
}

/** A machine that ran one night: what it ended with, and what was said. */
interface Night {
  readonly code: number;
  readonly log: string;
}

const startNodes = async (ids: readonly string[]): Promise<Emulator> => {
  const emulator = await startCatalog({ blueprints: [blueprintOf("node")] });
  const { workspace, bin } = await makeWorkspace(ids);
  const night = await runShell(
    `"${bin}/portload" sync inventory/exports -m inventory/mapping.yaml --quiet`,
    workspace,
    envOf(emulator),
  );
  expect(night.code, night.log).toBe(0);
  return emulator;
};

/** An empty machine with the inventory of a night, and `portload` and `npx` on its PATH. */
async function makeWorkspace(ids: readonly string[]): Promise<{ workspace: string; bin: string }> {
  const folder = await makeFolder();
  const [workspace, bin] = [join(folder, "workspace"), join(folder, "bin")];
  writeInventory(join(workspace, "inventory"), ids);
  mkdirSync(bin);
  const program = `exec "${process.execPath}" "${join(root, "dist/cli/main.js")}" "$@"\n`;
  writeFileSync(join(bin, "portload"), `#!/bin/sh\n${program}`);
  // npx gets the package by the variable of the schedule, then the program's own arguments.
  writeFileSync(
    join(bin, "npx"),
    `#!/bin/sh\n[ "$1 $2 $3 $4" = "--yes --package ./tools/portload-0.1.0.tgz portload" ] || exit 99\nshift 4\n${program}`,
  );
  for (const name of ["portload", "npx"]) chmodSync(join(bin, name), 0o755);
  return { workspace, bin };
}

/** What each night of a schedule runs on: `cache` is what the schedule itself keeps. */
type Schedule = (
  emulator: Emulator,
  ids: readonly string[],
  night: number,
  cache: Map<string, string>,
) => Promise<Night>;

const github: Schedule = async (emulator, ids, night, cache) => {
  const { workspace } = await makeWorkspace(ids);
  const action = await makeFolder();
  for (const name of ["action.yml", "action.mjs", "package.json", "dist", "node_modules"])
    symlinkSync(join(root, name), join(action, name));
  const { PORT_API_URL = "", ...secrets } = envOf(emulator);
  const workflow = parse(textOf("github-actions.yaml")) as {
    env: Record<string, string>;
    jobs: Record<string, { steps: readonly Step[] }>;
  };
  const run = await playSteps(
    workflow.jobs.sync?.steps ?? [],
    {
      ...{ workspace, cache, event: "schedule", runId: night, secrets, machine: { PORT_API_URL } },
      ...{ vars: { PORTLOAD_REPOSITORY: "acme/portload" }, repositories: { "acme/portload": action } },
    },
    workflow.env,
  );
  expect(run.artifacts).toHaveProperty("portload");
  return { code: run.isSuccess ? 0 : 1, log: run.log + run.summary };
};

const gitlab: Schedule = async (emulator, ids, _night, cache) => {
  const { workspace, bin } = await makeWorkspace(ids);
  const { sync, variables } = parse(textOf("gitlab-ci.yaml")) as {
    sync: { script: readonly string[]; cache: { key: string; paths: readonly string[]; when: string } };
    variables: Record<string, string>;
  };
  const script = sync.script.join("\n");
  const { key, paths, when } = sync.cache;
  const kept = cache.get(key);
  if (kept !== undefined) execFileSync("cp", ["-a", `${kept}/.`, workspace]);
  const env = { PATH: `${bin}:${process.env.PATH}`, ...variables, ...envOf(emulator) };
  const night = await runShell(script, workspace, env);
  if (night.code === 0 || when === "always") {
    const folder = await makeFolder();
    execFileSync("cp", ["-a", "--parents", ...paths, folder], { cwd: workspace });
    cache.set(key, folder);
  }
  return night;
};

function runShell(script: string, cwd: string, env: Readonly<Record<string, string>>): Promise<Night> {
  return new Promise((done) => {
    const options = { cwd, env: { PATH: process.env.PATH, HOME: "/", ...env } };
    execFile("bash", ["-eo", "pipefail", "-c", `(${script}) 2>&1`], options, (error, log) =>
      done({ code: error === null ? 0 : Number(error.code ?? 137), log }),
    );
  });
}

interface CronJob {
  readonly spec: { readonly jobTemplate: { readonly spec: { readonly template: { readonly spec: Pod } } } };
}
interface Pod {
  readonly securityContext: { readonly runAsUser: number };
  readonly volumes: readonly { readonly name: string; readonly emptyDir?: object }[];
  readonly containers: readonly {
    readonly args: readonly string[];
    readonly securityContext: { readonly readOnlyRootFilesystem: boolean };
    readonly volumeMounts: readonly {
      readonly name: string;
      readonly mountPath: string;
      readonly readOnly?: boolean;
    }[];
  }[];
}

/** Starts the pod of a night: the job as it ships, with the inventory of the night, on the volume that holds the state. */
async function startPod(
  emulator: Emulator,
  ids: readonly string[],
  claim: string,
  hostname: string,
): Promise<Container> {
  const inventory = await makeFolder();
  writeInventory(inventory, ids);
  chmodSync(inventory, 0o755);
  const pod = (parse(textOf("kubernetes-cronjob.yaml")) as CronJob).spec.jobTemplate.spec.template.spec;
  const [container] = pod.containers;
  if (container === undefined) throw new Error("no container");
  expect(container.securityContext.readOnlyRootFilesystem).toBe(true);
  const folders: Record<string, string> = { inventory, state: claim };
  return startContainer({
    image: Object.fromEntries(
      ["dist", "node_modules", "package.json"].map((name) => [`/app/${name}`, join(root, name)]),
    ),
    volumes: container.volumeMounts.flatMap(({ name, mountPath, readOnly = false }) =>
      folders[name] === undefined ? [] : [{ path: mountPath, folder: folders[name], readOnly }],
    ),
    hasTmp: pod.volumes.some(({ name, emptyDir }) => name === "tmp" && emptyDir !== undefined),
    user: pod.securityContext.runAsUser,
    workingDirectory: "/inventory",
    // As the image's entry point has it.
    command: ["node", "/app/dist/cli/main.js", ...container.args],
    env: envOf(emulator),
    hostname,
  });
}

const nightOf = ({ code, stdout, stderr }: Ended): Night => ({ code: code ?? 137, log: stdout + stderr });

const kubernetes: Schedule = async (emulator, ids, night, cache) => {
  const claim = cache.get("state") ?? (await makeFolder());
  cache.set("state", claim);
  // A pod has another name each night.
  return nightOf(await (await startPod(emulator, ids, claim, `portload-${night}`)).ended);
};

const schedules: readonly (readonly [name: string, schedule: Schedule, isPossible: boolean])[] = [
  ["github-actions.yaml", github, true],
  ["gitlab-ci.yaml", gitlab, true],
  ["kubernetes-cronjob.yaml (skipped where no root of its own can be made)", kubernetes, canContain],
];

describe.each(schedules)("the schedule %s", (_, schedule, isPossible) => {
  it.skipIf(!isPossible)("syncs with prune, and the second night knows the first", async () => {
    const emulator = await startNodes(range(1, 100));
    const cache = new Map<string, string>();
    const first = await schedule(emulator, range(2, 101), 1, cache);
    expect(first.code, first.log).toBe(0);
    expect(emulator.store.count("node")).toBe(100);
    expect(emulator.store.entity("node", "i1")).toBeUndefined();
    // Ninety of the hundred that are owned: refused, with what the night wrote beside them.
    const second = await schedule(emulator, range(92, 1000), 2, cache);
    expect(second.code, second.log).not.toBe(0);
    expect(second.log).toMatch(/--max-delete/);
    expect(emulator.store.count("node")).toBe(999);
    // Ninety of what is by now a thousand: only the state of the second night shows that they were ninety of a hundred.
    const third = await schedule(emulator, range(92, 1000), 3, cache);
    expect(third.code, third.log).not.toBe(0);
    expect(emulator.store.count("node")).toBe(999);
  });
});

describe.skipIf(!canContain)("the schedule kubernetes-cronjob.yaml, whose pod is killed", () => {
  /** A catalog with a hundred owned nodes, and the volume of the night that brought them. Of the next night some requests hang, so that it has not ended. */
  async function world() {
    const hang = { route: "bulk" as const, requests: Array.from({ length: 40 }, (_, i) => i + 20), delayMs: 25_000 };
    const emulator = await startCatalog({ blueprints: [blueprintOf("node")], faults: { faults: [hang] } });
    const claim = await makeFolder();
    const first = nightOf(await (await startPod(emulator, range(1, 100), claim, "portload-1")).ended);
    expect(first.code, first.log).toBe(0);
    const before = emulator.stats().families.bulk.accepted;
    return { emulator, claim, bulk: () => emulator.stats().families.bulk.accepted - before };
  }
  const locks = (claim: string) => readdirSync(claim).filter((name) => name.endsWith(".lock"));

  it("the next night's pod, of another host name, takes over the lock on the volume, and judges by the night that finished", async () => {
    const { emulator, claim, bulk } = await world();
    const killed = await startPod(emulator, range(92, 3000), claim, "portload-2");
    while (bulk() < 10) await turn();
    killed.kill("SIGKILL");
    await killed.ended;
    expect(locks(claim)).toHaveLength(1);
    const third = nightOf(await (await startPod(emulator, range(92, 3000), claim, "portload-3")).ended);
    // All is written; ninety of the hundred that the first night left are not deleted.
    expect(third.code, third.log).toBe(6);
    expect(third.log).toContain("91 of 100 (91%) would be deleted");
    expect(third.log).toMatch(/took over the lock of import .* on portload-2/);
    expect(emulator.store.count("node")).toBe(3000);
    expect(locks(claim)).toEqual([]);
    const fourth = nightOf(await (await startPod(emulator, range(2, 3000), claim, "portload-4")).ended);
    expect(fourth.code, fourth.log).toBe(0);
    expect(emulator.store.count("node")).toBe(2999);
  });

  it("is not taken over while it lives, whatever the other's host name", async () => {
    const { emulator, claim, bulk } = await world();
    const living = await startPod(emulator, range(1, 6000), claim, "portload-2");
    while (bulk() < 5) await turn();
    // Two containers of one host name have the same pid, too.
    for (const hostname of ["portload-3", "portload-2"]) {
      const other = nightOf(await (await startPod(emulator, range(1, 6000), claim, hostname)).ended);
      expect(other.code, other.log).toBe(6);
      expect(other.log).toContain("on portload-2");
    }
    living.kill("SIGTERM");
    const { code, log } = nightOf(await living.ended);
    expect([0, 4], log).toContain(code);
  });
});
