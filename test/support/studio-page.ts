import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import axe from "axe-core";
import type { BrowserContextOptions, Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";
import { startEmulator } from "../../src/emulator/emulator.js";
import { root } from "./catalog.js";
import { start } from "./program.js";

/** Runs `portload studio` in a folder; gives the address that it prints. */
export async function runStudio(folder: string, args: readonly string[], apiUrl: string) {
  const env = { PORT_API_URL: apiUrl, PORT_CLIENT_ID: "portload", PORT_CLIENT_SECRET: "portload" };
  const running = start(["studio", ...args], env, folder);
  onTestFinished(async () => {
    running.kill("SIGTERM");
    await running.ended;
  });
  const said = await running.shows("Ctrl-C");
  return { said, url: /http:\/\/\S+/.exec(said)?.[0] ?? "" };
}

/** A folder of a test's own. */
export async function makeStudioFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "portload-studio-test-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** An emulator without limits, until the test ends. */
export async function openCatalog() {
  const emulator = await startEmulator({ limits: "off" });
  onTestFinished(() => emulator.close());
  return emulator;
}

/** Starts the studio on a copy of a sample in a folder of its own, against an empty catalog. */
export async function startStudio(args: readonly string[] = [], source = "services.csv") {
  const folder = await makeStudioFolder();
  await copyFile(join(root, "samples", source), join(folder, source));
  const emulator = await openCatalog();
  const { url } = await runStudio(folder, [source, ...args], emulator.url);
  return { folder, emulator, url, base: new URL(url).origin };
}

/** Opens the page; whatever its console says is kept, and whatever it asks for from elsewhere. */
export async function openPage(
  newPage: (options: BrowserContextOptions) => Promise<Page>,
  url: string,
  { width = 1280, colorScheme = "light" as "light" | "dark", isChoice = false } = {},
) {
  const page = await newPage({ viewport: { width, height: 900 }, colorScheme });
  const said: string[] = [];
  const foreign: string[] = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", ({ message }) => said.push(message));
  page.on("request", (asked) => {
    if (new URL(asked.url()).origin !== new URL(url).origin && !asked.url().startsWith("data:"))
      foreign.push(asked.url());
  });
  await page.goto(url);
  if (!isChoice) await evaluated(page);
  return { page, said, foreign };
}

/** Waits for an evaluation after the given one; gives its number. */
export async function evaluated(page: Page, after = 0): Promise<number> {
  const count = async () => Number((await page.locator("body").getAttribute("data-evaluated")) ?? 0);
  await expect.poll(count, { timeout: 120_000 }).toBeGreaterThan(after);
  return count();
}

export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  // The editor's scroller is left out: the text box in it takes the focus, and scrolls with its cursor.
  const found = await page.evaluate(
    "axe.run({ exclude: ['.cm-scroller'] }, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa'] })",
  );
  return (found as axe.AxeResults).violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`,
  );
}
