import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { describe, expect, it, onTestFinished } from "vitest";
import type { PlanLine } from "../../src/plan/plan-file.js";
import { digestPlan } from "../../src/plan/show-plan.js";
import { formatPlanHtml } from "../../src/report/forms/html-plan.js";
import { writeForm, writeForms } from "../../src/report/forms.js";
import type { Report } from "../../src/report/report.js";
import { useBrowser } from "../support/browser.js";
import { dirtyReport, report } from "./reports.js";

const newPage = useBrowser();

/** Opens a report's page as a file; gives what its console said. */
async function open(of: Report, width: number, colorScheme: "light" | "dark" = "light") {
  const folder = await mkdtemp(join(tmpdir(), "portload-page-"));
  const file = join(folder, "report.html");
  await writeForms(of, [file]);
  const page = await newPage({ viewport: { width, height: 900 }, colorScheme });
  onTestFinished(() => rm(folder, { recursive: true }));
  const said: string[] = [];
  const asked: string[] = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", ({ message }) => said.push(message));
  page.on("request", (request) => asked.push(request.url()));
  await page.goto(pathToFileURL(file).href);
  return { page, said, asked, url: pathToFileURL(file).href };
}

/** Violations of accessibility rules, AA contrast among them. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate("axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'best-practice'] })");
  return (found as axe.AxeResults).violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`,
  );
}

const timeline = Array.from({ length: 30 }, (_, second) => ({
  second,
  requests: 9,
  entities: 180,
  refused: second % 9 === 0 ? 1 : 0,
}));
const dirty: Report = {
  ...dirtyReport(),
  timeline,
  durationMs: 30_000,
  sources: [
    { name: "in & out.csv", bytes: 1000, records: 1000 },
    { name: "a.ndjson", bytes: 20, records: 10 },
  ],
  unmappedColumns: [{ source: "in & out.csv", columns: ["Notes", "Rack unit"] }],
  version: "1.0.0",
  mapping: "mapping.yaml",
  target: "https://api.example/v1",
  commandLine: "portload import in.csv -m mapping.yaml",
};

describe("a report's page in a browser", () => {
  it.each([
    [1280, "light"],
    [1280, "dark"],
    [400, "light"],
    [400, "dark"],
  ] as const)("fits, is accessible and loads nothing at %i px, %s", async (width, scheme) => {
    for (const each of [report({ timeline }), dirty]) {
      const { page, said, asked, url } = await open(each, width, scheme);
      expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
      // Axe's own code is let in around the page's policy, which forbids it as any other.
      expect(asked).toEqual([url]);
      expect(said).toEqual([]);
      expect(await violations(page)).toEqual([]);
    }
  });

  it.each([
    [1280, "light"],
    [400, "dark"],
  ] as const)("shows a plan that fits, is accessible and loads nothing at %i px, %s", async (width, scheme) => {
    async function* lines(): AsyncGenerator<PlanLine> {
      const body = { identifier: "a", properties: { tier: "Tier 1" }, relations: {} };
      const changes = [{ path: "properties.tier", before: "Tier 2", after: "Tier 1" }];
      yield { op: "create", blueprint: "service", resource: 0, entity: body };
      yield { op: "update", blueprint: "service", resource: 0, entity: { ...body, identifier: "b" }, changes };
      yield { op: "delete", blueprint: "service", before: { ...body, identifier: "c" } };
      yield { line: "end", create: 1, update: 1, delete: 1, unchanged: 0, rejected: 0 };
    }
    const folder = await mkdtemp(join(tmpdir(), "portload-plan-page-"));
    const file = join(folder, "plan.html");
    const guards = { prunes: false, emptyingShare: 0.1 };
    await writeForm(file, formatPlanHtml({ report: dirty, digest: await digestPlan(lines()), guards }, file));
    const page = await newPage({ viewport: { width, height: 900 }, colorScheme: scheme });
    onTestFinished(() => rm(folder, { recursive: true }));
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.goto(pathToFileURL(file).href);
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    expect(asked).toEqual([pathToFileURL(file).href]);
    expect(await violations(page)).toEqual([]);
  });

  it("prints in dark ink on white, without what is only for the screen, and nothing over another", async () => {
    const { page } = await open(dirty, 720, "dark");
    const ground = () => page.evaluate("getComputedStyle(document.body).getPropertyValue('--text').trim()");
    const onScreen = await ground();
    await page.emulateMedia({ media: "print" });
    expect(await ground()).not.toBe(onScreen);
    expect(await page.locator("#filter").isVisible()).toBe(false);
    const inside = page.locator(".cause details[open] .inside").first();
    const [table, fix] = [await inside.locator("table").boundingBox(), await inside.locator("> div").boundingBox()];
    expect(fix?.y ?? 0).toBeGreaterThanOrEqual((table?.y ?? 0) + (table?.height ?? 0));
  });

  it("filters and orders causes by keyboard", async () => {
    const { page, said } = await open(dirty, 1280);
    const shown = () => page.locator(".cause:visible h3 > code").allTextContents();
    expect(await shown()).toEqual(["not_in_enum", "bad_json"]);
    await page.getByLabel("Filter").focus();
    await page.keyboard.type("not valid json");
    expect(await shown()).toEqual(["bad_json"]);
    expect(await page.getByRole("status").textContent()).toBe("1 of 2 causes");
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.press("Delete");
    await page.getByLabel("Order").selectOption("code");
    expect(await shown()).toEqual(["bad_json", "not_in_enum"]);
    expect(said).toEqual([]);
  });
});
