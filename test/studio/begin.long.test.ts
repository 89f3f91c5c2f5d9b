import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { useBrowser } from "../support/browser.js";
import { root } from "../support/catalog.js";
import { openGate } from "../support/gate.js";
import { start } from "../support/program.js";
import {
  evaluated,
  makeStudioFolder,
  openCatalog,
  openPage,
  runStudio,
  startStudio,
  violations,
} from "../support/studio-page.js";

const newPage = useBrowser();

const sample = (name: string) => join(root, "samples", name);

describe("the studio without a source", () => {
  it("lets choose among the files of the folder by keyboard alone, and opens no other file", async () => {
    const folder = await makeStudioFolder();
    await copyFile(sample("services.csv"), join(folder, "services.csv"));
    await mkdir(join(folder, "more"));
    await copyFile(sample("services-dirty.csv"), join(folder, "more/dirty.csv"));
    await writeFile(join(folder, "package.json"), "{}");
    const emulator = await openCatalog();
    const { said, url } = await runStudio(folder, [], emulator.url);
    expect(said).toContain("choose on the page among those of this folder");
    const { page, said: faults, foreign } = await openPage(newPage, url, { isChoice: true });
    const labels = (await page.locator("label").allTextContents()).map((label) => label.trim());
    expect(labels).toEqual(["services.csv", "more/dirty.csv", "a proposal, made from the sources"]);
    expect(await violations(page)).toEqual([]);
    await page.getByRole("button", { name: "Open" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("Choose at least one source").waitFor();
    const posted = await page.evaluate(
      `fetch("/choose", { method: "POST", body: new URLSearchParams({ source: "../etc/passwd" }) }).then((reply) => reply.text())`,
    );
    expect(posted).toContain("Choose at least one source");
    await page.getByLabel("services.csv").focus();
    await page.keyboard.press("Space");
    await page.keyboard.press("Enter");
    await evaluated(page);
    expect(await page.locator("#made h3").first().textContent()).toContain("service / ab-testing");
    await page.reload();
    await evaluated(page);
    expect(foreign).toEqual([]);
    expect(faults).toEqual([]);
  });

  it("begins with the mapping that lies in the folder, with the files of its kinds", async () => {
    const folder = await makeStudioFolder();
    await copyFile(sample("services.csv"), join(folder, "services.csv"));
    await copyFile(sample("services-dirty.csv"), join(folder, "other.csv"));
    await copyFile(join(root, "mappings/services.yaml"), join(folder, "inventory.yaml"));
    const emulator = await openCatalog();
    const { said, url } = await runStudio(folder, [], emulator.url);
    expect(said).toContain("Found here: services.csv; by inventory.yaml.");
    const { page } = await openPage(newPage, url);
    await page.getByText("Saved as inventory.yaml").waitFor();
  });

  it("begins with what portload.config.yaml names", async () => {
    const folder = await makeStudioFolder();
    await mkdir(join(folder, "data"));
    await copyFile(sample("services.csv"), join(folder, "data/list.csv"));
    await copyFile(join(root, "mappings/services.yaml"), join(folder, "inventory.yaml"));
    await writeFile(join(folder, "portload.config.yaml"), "mapping: inventory.yaml\nsources: services=data/list.csv\n");
    const emulator = await openCatalog();
    const { url } = await runStudio(folder, [], emulator.url);
    const { page } = await openPage(newPage, url);
    await page.getByText("Saved as inventory.yaml").waitFor();
    expect(await page.locator("#source option").allTextContents()).toEqual(["data/list.csv (services)"]);
  });

  it("says what to type where there is no source", async () => {
    const { stderr, code } = await start(["studio"], {}, await makeStudioFolder()).ended;
    expect(code).toBe(64);
    expect(stderr).toContain("no source is named, and none lies here");
    expect(stderr).toContain("portload studio <source>");
  });
});

describe("the studio's page", () => {
  const width = async (page: Page, id: string) => (await page.locator(id).boundingBox())?.width ?? 0;

  it("has panes that are made wider and narrower by mouse and keyboard, and stay so over a reload", async () => {
    const { url } = await startStudio();
    const { page, said } = await openPage(newPage, url);
    const [source, entities] = [
      page.getByRole("separator", { name: "Width of the source" }),
      page.getByRole("separator", { name: "Width of the entities" }),
    ];
    const [records, made] = [await width(page, "#records"), await width(page, "#entities")];
    expect(await source.getAttribute("aria-valuenow")).toBe("30");
    await source.focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    expect(await source.getAttribute("aria-valuenow")).toBe("36");
    expect(await width(page, "#records")).toBeGreaterThan(records + 50);
    await page.keyboard.press("Home");
    expect(await source.getAttribute("aria-valuenow")).toBe(await source.getAttribute("aria-valuemin"));
    const edge = await entities.boundingBox();
    await page.mouse.move((edge?.x ?? 0) + 3, 200);
    await page.mouse.down();
    await page.mouse.move((edge?.x ?? 0) - 77, 200);
    await page.mouse.up();
    const wider = await width(page, "#entities");
    expect(Math.abs(wider - made - 80)).toBeLessThan(15);
    const kept = [await width(page, "#records"), wider];
    await page.reload();
    await evaluated(page);
    expect([await width(page, "#records"), await width(page, "#entities")]).toEqual(kept);
    await entities.dblclick();
    expect(await entities.getAttribute("aria-valuenow")).toBe("33");
    expect(await violations(page)).toEqual([]);
    await page.setViewportSize({ width: 400, height: 900 });
    expect(await page.getByRole("separator").count()).toBe(0);
    expect(Math.abs((await width(page, "#records")) - (await width(page, "#entities")))).toBeLessThan(2);
    expect(said).toEqual([]);
  });

  it("takes a proposed blueprint as text, with relations and allowed values, and shows its faults", async () => {
    const { folder, url } = await startStudio();
    const { page, said } = await openPage(newPage, url);
    await page.getByRole("tab", { name: /Blueprints/ }).click();
    await page.locator("summary", { hasText: "proposed" }).click();
    await page.locator("summary", { hasText: "As text" }).click();
    const text = page.getByLabel("Text of service");
    const blueprint = JSON.parse(await text.inputValue());
    await text.fill("identifier: service\nschema: [");
    await page.keyboard.press("ControlOrMeta+Enter");
    await page.locator("#panel").getByRole("alert").getByText("the text is not valid YAML").waitFor();
    await text.fill(JSON.stringify({ ...blueprint, relations: { owner: { required: true } } }));
    await page.getByRole("button", { name: "Take this text" }).click();
    await page.locator("#panel").getByRole("alert").getByText("relations.owner.target").waitFor();
    expect(await violations(page)).toEqual([]);
    const relations = { owner: { target: "team", title: "Owner", many: false, required: false } };
    const { properties } = blueprint.schema;
    const schema = { ...blueprint.schema, properties: { ...properties, language: { type: "string", enum: ["Go"] } } };
    await text.fill(JSON.stringify({ ...blueprint, schema, relations }));
    await page.getByRole("button", { name: "Take this text" }).click();
    await page.getByRole("row", { name: "owner → team" }).waitFor();
    await page.getByRole("tab", { name: /Problems/ }).click();
    await page
      .getByText(/is none of/)
      .first()
      .waitFor();
    await page.keyboard.press("ControlOrMeta+s");
    await page.getByRole("dialog").getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("Saved as services.yaml, blueprints/service.json").waitFor();
    const saved = JSON.parse(await readFile(join(folder, "blueprints/service.json"), "utf8"));
    expect(saved).toMatchObject({ relations, schema: { properties: { language: { enum: ["Go"] } } } });
    expect(said).toEqual([]);
  });

  it.each([1280, 400])("is accessible while an import runs, at %i px", async (pixels) => {
    const folder = await makeStudioFolder();
    await copyFile(sample("services.csv"), join(folder, "services.csv"));
    const emulator = await openCatalog();
    const gate = await openGate(emulator);
    const { url } = await runStudio(folder, ["services.csv"], gate.url);
    const { page, said } = await openPage(newPage, url, { width: pixels });
    await page.getByRole("tab", { name: "Dry run and import" }).click();
    await page.getByRole("button", { name: "Create it in the catalog" }).click();
    await page.getByText("Created service.").waitFor();
    // A few requests pass, all others wait until the page was looked at.
    let release = (): void => undefined;
    const released = new Promise<void>((done) => (release = done));
    let bulks = 0;
    gate.onRequest = async (_method, path) => {
      if (path.includes("/bulk") && ++bulks > 4) await released;
    };
    await page.getByRole("button", { name: "Import", exact: true }).click();
    await page.getByRole("button", { name: "Import now" }).click();
    await page.locator(".live h2").first().waitFor();
    await page
      .getByText(/\d+ written/)
      .first()
      .waitFor();
    expect(await violations(page)).toEqual([]);
    expect(await page.getByRole("progressbar", { name: "Import" }).count()).toBe(1);
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    release();
    await page
      .getByText(/^Finished: 331 entities are in the catalog/)
      .first()
      .waitFor();
    expect(emulator.store.count("service")).toBe(331);
    expect(said).toEqual([]);
  });
});
