import { chmodSync, cpSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { Emulator } from "../src/emulator/emulator.js";
import { envOf, makeFolder, root, startCatalog } from "./support/catalog.js";
import { canContain, startContainer } from "./support/container.js";
import { buildImage, type Image } from "./support/image.js";
import { cloneProject } from "./support/package.js";

const title = `the image that the Dockerfile builds${canContain ? "" : " (skipped: no root of its own can be made here)"}`;

describe.skipIf(!canContain)(title, () => {
  let image: Image;
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), "portload-image-"));
    await cloneProject(join(folder, "context"));
    image = await buildImage(join(folder, "context"), join(folder, "stages"));
    return () => rmSync(folder, { recursive: true, force: true });
  }, 240_000);

  /** A folder that the image's user may read, whoever runs the tests. */
  async function makeInventory(): Promise<string> {
    const folder = await makeFolder();
    chmodSync(folder, 0o755);
    return folder;
  }

  /** Runs it as where-it-runs.md says: read-only, the inventory mounted, the state a volume. */
  async function runImage(args: readonly string[], emulator?: Emulator, hasTmp = false) {
    const [inventory, state] = [await makeInventory(), await makeFolder()];
    cpSync(join(root, "samples/teams.json"), join(inventory, "exports/teams.json"));
    cpSync(join(root, "mappings/teams.yaml"), join(inventory, "mapping.yaml"));
    const { folder, env, user, workingDirectory, entrypoint, command } = image;
    const ended = await startContainer({
      image: { "/app": join(folder, "app") },
      volumes: [
        { path: "/inventory", folder: inventory, readOnly: true },
        { path: "/state", folder: state },
      ],
      ...{ user, workingDirectory, hasTmp },
      command: [...entrypoint, ...(args.length > 0 ? args : command)],
      env: { ...env, ...(emulator === undefined ? {} : envOf(emulator)) },
    }).ended;
    return { ...ended, state };
  }

  it("runs as a user without rights, on the newest Node that is supported for long, with its state on a volume", () => {
    expect(image).toMatchObject({ user: 1000, workingDirectory: "/inventory", volumes: ["/state"] });
    expect(image.bases).toEqual(["node:22-slim", "node:22-slim"]);
    expect(statSync(join(image.folder, "state")).uid).toBe(1000);
  });

  it("holds the program and what it needs, and nothing of development", () => {
    expect(readdirSync(join(image.folder, "app")).sort()).toEqual(
      ["LICENSE", "dist", "mappings", "node_modules", "package.json", "samples", "schema"].sort(),
    );
    const modules = readdirSync(join(image.folder, "app/node_modules"));
    expect(modules).toContain("fastify");
    expect(modules.filter((name) => ["typescript", "vitest", "knip"].includes(name))).toEqual([]);
  });

  it("shows its help where nothing is asked for", async () => {
    const { code, stdout, stderr } = await runImage([]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^portload <command>/);
  });

  it("syncs on a read-only root, and leaves its state on the volume", async () => {
    const emulator = await startCatalog();
    const { code, stderr, state } = await runImage(["sync", "exports", "-m", "mapping.yaml"], emulator);
    expect(code, stderr).toBe(0);
    expect(emulator.store.count("team")).toBe(20);
    expect(readdirSync(state).filter((name) => /^\d{8}T/.test(name))).toHaveLength(1);
  });

  it("plans with nothing but /tmp to write to, and runs the demo", async () => {
    const emulator = await startCatalog();
    const planned = await runImage(["plan", "exports", "-m", "mapping.yaml", "--detailed-exitcode"], emulator, true);
    expect(planned.code, planned.stderr).toBe(10);
    const demo = await runImage(["demo"], undefined, true);
    expect(demo.code, demo.stderr).toBe(0);
  });

  it("ends in order at SIGTERM, as the first process that a runtime ends", async () => {
    const emulator = await startCatalog({ latencyMs: 200 });
    const [inventory, state] = [await makeInventory(), await makeFolder()];
    cpSync(join(root, "samples/services.csv"), join(inventory, "services.csv"));
    cpSync(join(root, "mappings/services.yaml"), join(inventory, "mapping.yaml"));
    const container = startContainer({
      image: { "/app": join(image.folder, "app") },
      volumes: [
        { path: "/inventory", folder: inventory, readOnly: true },
        { path: "/state", folder: state },
      ],
      ...{ user: image.user, workingDirectory: image.workingDirectory },
      command: [...image.entrypoint, "import", "services.csv", "-m", "mapping.yaml", "--concurrency", "1"],
      env: { ...image.env, ...envOf(emulator) },
    });
    await expect.poll(() => emulator.stats().families.bulk.accepted, { timeout: 30_000 }).toBeGreaterThan(2);
    container.kill("SIGTERM");
    const { code, stderr } = await container.ended;
    expect(code, stderr).toBe(4);
    expect(stderr).toMatch(/portload resume/);
  });
});
