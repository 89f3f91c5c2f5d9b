import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, onTestFinished } from "vitest";
import type { Blueprint } from "../../src/blueprint.js";
import { type Emulator, type EmulatorOptions, startEmulator } from "../../src/emulator/emulator.js";
import type { Readings } from "../../src/emulator/emulator-options.js";
import { parseReadings, withLikeliest } from "../../src/emulator/readings.js";
import { loadBlueprintFolder } from "../../src/recipes/run/blueprints.js";
import { isSeenByTraffic, noteAsked, noting } from "./asked.js";

/** The project's folder. */
export const root = resolve(import.meta.dirname, "../..");

/** Readings that this run of the suite is under, as flags of `portload emulator` have them; see every-reading.mjs. */
export const readingFlags = (process.env.PORTLOAD_READING ?? "").split(",").filter((pair) => pair !== "");

/**
 * The same for an emulator of the test's own process. A test that is about one reading names it, and that wins. Every other that the emulator asks for is noted
 * beside the test's file when every-reading.mjs wants to know, as it is when a spawned emulator may ask for any.
 */
export function readingsOfRun(named: Partial<Readings> = {}): Readings {
  const all = withLikeliest({ ...parseReadings(readingFlags), ...named });
  if (!noting) return all;
  const file = expect.getState().testPath;
  return new Proxy(all, {
    get: (target, key) => {
      if (!Object.hasOwn(named, key) && !isSeenByTraffic(String(key))) noteAsked(key as keyof Readings, file);
      return Reflect.get(target, key);
    },
  });
}

/** An emulator that ends with the test, with the samples' blueprints unless others are given; without limits. */
export async function startCatalog(options: EmulatorOptions = {}): Promise<Emulator> {
  const blueprints = options.blueprints ?? (await loadBlueprintFolder(join(root, "samples/blueprints")));
  const emulator = await startEmulator({
    limits: "off",
    ...options,
    readings: readingsOfRun(options.readings),
    blueprints,
  });
  onTestFinished(() => emulator.close());
  return emulator;
}

/** An entity's title as the API shows it: one that was given none may show its identifier. */
export function shownTitle({ identifier, title }: { readonly identifier: string; readonly title: string | null }) {
  return title ?? (readingFlags.includes("titleOmitted=identifier") ? identifier : null);
}

/** An empty folder that goes with the test. */
export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "portload-test-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The environment that points at an emulator. */
export function envOf(emulator: Pick<Emulator, "url">): Record<string, string> {
  return { PORT_API_URL: emulator.url, PORT_CLIENT_ID: "portload", PORT_CLIENT_SECRET: "portload" };
}

/** A small blueprint. */
export function blueprintOf(identifier: string, fields: Partial<Blueprint> = {}): Blueprint {
  return { identifier, title: identifier, schema: { properties: {} }, ...fields };
}

/** Options of a run whose sources and mapping are files, and that keeps its state. */
export type OnDisk<T> = T & {
  readonly sources: readonly string[];
  readonly mapping: string;
  readonly stateDir?: string;
};
