import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { request } from "undici";
import { describe, expect, it, onTestFinished } from "vitest";
import { useBrowser } from "../support/browser.js";
import { root } from "../support/catalog.js";
import { evaluated, openPage, startStudio, violations } from "../support/studio-page.js";

const newPage = useBrowser();

describe("the studio", () => {
  it("leads from a CSV to a saved mapping to an import", async () => {
    const { folder, emulator, url } = await startStudio();
    const { page, said, foreign } = await openPage(newPage, url);
    expect(await page.locator("#made h3").first().textContent()).toContain("service / ab-testing");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByLabel("Mapping file").fill("services.yaml");
    await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
    await page.getByText(/Saved as services.yaml, blueprints\/service.json/).waitFor();
    expect(await readFile(join(folder, "services.yaml"), "utf8")).toContain("kind: services");
    await page.getByRole("tab", { name: "Whole source" }).click();
    await page.getByRole("button", { name: "Test the whole source" }).click();
    await page.getByText(/331 records: 331 mapped, 0 skipped, 0 failed/).waitFor();
    await page.getByRole("tab", { name: "Dry run and import" }).click();
    await page.getByText("The catalog has no blueprint service yet: dry run and import are off").waitFor();
    expect(await page.getByRole("button", { name: "Dry run", exact: true }).isDisabled()).toBe(true);
    expect(await page.getByRole("button", { name: "Import", exact: true }).isDisabled()).toBe(true);
    await page.getByRole("button", { name: "Create it in the catalog" }).click();
    await page.getByText("Created service.").waitFor();
    await page.getByText("dry run and import are off").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Dry run" }).click();
    await page
      .getByText(/331 entities would be in the catalog/)
      .first()
      .waitFor();
    await page
      .frameLocator("iframe.report")
      .getByText(/portload import services.csv .*--dry-run$/)
      .first()
      .waitFor();
    expect((await emulator.stats()).families.bulk?.accepted).toBeGreaterThan(0);
    await page.getByRole("button", { name: "Import", exact: true }).click();
    await page.getByText(`331 entities are written into ${emulator.url}; 0 failed and are left out.`).waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    expect(emulator.store.count("service")).toBe(0);
    expect(await page.getByRole("link", { name: "in the catalog" }).count()).toBe(0);
    await page.getByRole("button", { name: "Import", exact: true }).click();
    await page.getByRole("button", { name: "Import now" }).click();
    await page
      .getByText(/^Finished: 331 entities are in the catalog/)
      .first()
      .waitFor();
    await page.getByRole("link", { name: "in the catalog" }).waitFor();
    for (const frame of page.frames()) expect(await frame.content()).not.toMatch(/portload-studio-\d/);
    const report = page.frameLocator("iframe.report");
    expect(await report.getByRole("heading", { level: 1 }).textContent()).toContain("Finished: 331 entities");
    expect(foreign).toEqual([]);
    expect(said).toEqual([]);
  });

  it("leads from a CSV with faults to an import by mouse and keyboard alone, accessible at every step", async () => {
    const { folder, url } = await startStudio([], "services-dirty.csv");
    const { page, said, foreign } = await openPage(newPage, url);
    const keys = page.keyboard;
    const isFine = async (step: string) => expect(await violations(page), step).toEqual([]);
    const tabCount = async () =>
      Number(/\((\d+)\)/.exec((await page.locator("#tab-problems").textContent()) ?? "")?.[1]);
    const before = await tabCount();
    await isFine("start");
    await page.getByRole("button", { name: "Leave out what is after the last column" }).click();
    await expect.poll(tabCount).not.toBe(before);
    expect(await page.locator(".cm-content").textContent()).toContain("longRows: drop");
    await page.getByRole("button", { name: /Write \| values \| gsub/ }).click();
    await page.locator(".cm-line", { hasText: /^ *identifier: .*gsub/ }).waitFor();
    // A key is completed from the schema, a column from the source.
    await page.locator(".cm-line", { hasText: /^ *title:/ }).click();
    await keys.press("End");
    await keys.press("Enter");
    await keys.type("ico");
    await page.locator(".cm-tooltip-autocomplete li", { hasText: "icon" }).first().waitFor();
    await keys.press("Escape");
    for (let typed = 0; typed < 3; typed++) await keys.press("Backspace");
    await keys.type("icon: .Lan");
    await page.locator(".cm-tooltip-autocomplete li", { hasText: ".Language" }).first().waitFor();
    await isFine("completion");
    await keys.press("Escape");
    // What the record became stays to be seen while the line has a fault.
    await keys.type(" |");
    await page.locator(".cm-lint-marker-error").waitFor();
    expect(await page.locator("#made h3").count()).toBe(1);
    await page.getByText("As before the fault").waitFor();
    await isFine("fault");
    await keys.press("Shift+Home");
    await keys.press("Backspace");
    await page.locator(".cm-lint-marker-error").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Next failed" }).click();
    await page.locator(".badge.bad").first().waitFor();
    await page.locator("tr.failed button").first().focus();
    await page.locator("#rows tr.linked").first().waitFor();
    await isFine("a value traced");
    await keys.press("ControlOrMeta+s");
    await page.getByRole("dialog", { name: "Save" }).waitFor();
    await isFine("saving");
    await keys.press("ControlOrMeta+a");
    await keys.type("mine.yaml");
    await keys.press("Enter");
    await page.getByText(/Saved as mine.yaml, blueprints\//).waitFor();
    expect(await readFile(join(folder, "mine.yaml"), "utf8")).toContain("longRows: drop");
    await page.getByRole("tab", { name: "Whole source" }).focus();
    await page.locator("#tab-problems").focus();
    await keys.press("ArrowRight");
    await page.getByRole("button", { name: "Test the whole source" }).click();
    await page.getByText(/^25 records: /).waitFor();
    await isFine("whole source");
    await page.getByRole("tab", { name: "Dry run and import" }).click();
    await page.getByRole("button", { name: "Create it in the catalog" }).click();
    await page.getByText(/^Created /).waitFor();
    await page.getByRole("button", { name: "Dry run" }).click();
    await page
      .locator("#panel")
      .getByText(/would be in the catalog/)
      .first()
      .waitFor();
    await isFine("dry run");
    await page.getByRole("button", { name: "Import", exact: true }).click();
    await page.getByRole("button", { name: "Import now" }).waitFor();
    await isFine("question before the import");
    await keys.press("Enter");
    await page
      .locator("#panel")
      .getByText(/are in the catalog as/)
      .first()
      .waitFor();
    await isFine("import");
    // From the report to an entity on the catalog page.
    const link = page.frameLocator("iframe.report").locator('td[data-label="such as"] a').first();
    const name = await link.textContent();
    const [entity] = await Promise.all([page.context().waitForEvent("page"), link.click()]);
    onTestFinished(() => entity.close());
    await entity.waitForLoadState();
    expect(await entity.locator("main code").first().textContent()).toBe(name);
    expect(foreign.filter((address) => !address.includes("/catalog/") && !address.endsWith("/page.css"))).toEqual([]);
    expect(said).toEqual([]);
  });

  it("writes a line for a column that is clicked, and its path where an expression is typed", async () => {
    const { url } = await startStudio([
      "-m",
      join(root, "mappings/services.yaml"),
      "-b",
      join(root, "samples/blueprints"),
    ]);
    const { page } = await openPage(newPage, url);
    const line = (text: string | RegExp) => page.locator(".cm-line", { hasText: text });
    await page.getByRole("button", { name: "Language", exact: true }).click();
    await line(/^ *language2: \.Language$/).waitFor();
    await line("title: .Name").first().click();
    await page.keyboard.press("End");
    await page.keyboard.type(" + ");
    await page.getByRole("button", { name: "Language", exact: true }).click();
    await line(/^ *title: \.Name \+ \.Language$/).waitFor();
  });

  it("edits a blueprint that is only proposed, and says why another one is not", async () => {
    const { folder, url } = await startStudio();
    const { page, said } = await openPage(newPage, url);
    const type = page.getByLabel("Type of language", { exact: true });
    await page.getByRole("button", { name: "Language", exact: true }).click();
    await page.getByRole("button", { name: "Add to the blueprint" }).first().click();
    await expect.poll(() => page.getByRole("button", { name: "Add to the blueprint" }).count()).toBe(0);
    await page.getByRole("tab", { name: /Blueprints/ }).click();
    await page.locator("summary", { hasText: "service" }).click();
    expect(await page.getByLabel("Type of language2", { exact: true }).inputValue()).toBe("text");
    await page.getByRole("button", { name: "Remove language2" }).click();
    await page.getByLabel("Type of language2", { exact: true }).waitFor({ state: "detached" });
    await page.getByLabel("New property of service", { exact: true }).fill("costCenter");
    await page.getByRole("button", { name: "Add property" }).click();
    await page.getByLabel("Format of costCenter").selectOption("url");
    await expect.poll(() => page.getByLabel("Format of costCenter").inputValue()).toBe("url");
    await type.selectOption("list");
    await expect.poll(() => type.inputValue()).toBe("list");
    expect(await violations(page)).toEqual([]);
    await page.getByRole("tab", { name: /Problems/ }).click();
    await page.getByText("is text, not a list").first().waitFor();
    await page.getByRole("button", { name: "Make it text in the blueprint" }).first().click();
    await expect.poll(() => page.getByText("is text, not a list").count()).toBe(0);
    await page.keyboard.press("ControlOrMeta+s");
    await page.getByRole("dialog").getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("Saved as services.yaml, blueprints/service.json").waitFor();
    const { properties } = JSON.parse(await readFile(join(folder, "blueprints/service.json"), "utf8")).schema;
    expect(properties).toMatchObject({ language: { type: "string" }, costCenter: { type: "string", format: "url" } });
    await page.getByRole("tab", { name: "Dry run and import" }).click();
    await page.getByRole("button", { name: "Create it in the catalog" }).click();
    await page.getByText("Created service.").waitFor();
    await page.getByRole("tab", { name: /Blueprints/ }).click();
    await page.locator("summary", { hasText: "service" }).click();
    await page.getByText("It comes from the catalog, whose entities may hold values by it").waitFor();
    expect(await page.getByRole("button", { name: /^Remove / }).count()).toBe(0);
    expect(said).toEqual([]);
  });

  it("keeps what is typed of a blueprint's text as a draft until it is taken, and renames by it", async () => {
    const { url } = await startStudio();
    const { page, said } = await openPage(newPage, url);
    page.on("dialog", (dialog) => dialog.accept());
    const open = async () => {
      await page.getByRole("tab", { name: /Blueprints/ }).click();
      expect(await page.evaluate("document.activeElement.id")).toBe("tab-blueprints");
    };
    await open();
    await page.locator("summary", { hasText: "service" }).first().click();
    await page.locator("summary", { hasText: "As text" }).click();
    const area = page.getByLabel("Text of service", { exact: true });
    const text = (await area.inputValue()).replace('"identifier": "service"', '"identifier": "app"');
    await area.fill(text);
    await page.getByText("A draft: the blueprint stays as it was until this text is taken.").waitFor();
    await page.reload();
    await evaluated(page);
    await page.getByText("Restored what was not saved.").waitFor();
    await open();
    await page.getByText("draft not taken").waitFor();
    expect(await area.inputValue()).toBe(text);
    expect(await violations(page)).toEqual([]);
    await page.getByRole("button", { name: "Take this text" }).click();
    await page.getByText("Taken: app is as this text says.").waitFor();
    await page.locator(".cm-line", { hasText: `blueprint: '"app"'` }).waitFor();
    await page.locator("#made h3", { hasText: "app / ab-testing" }).waitFor();
    expect(await page.getByText("draft not taken").count()).toBe(0);
    // The mapping names another one: it is not checked until the proposed one is called so.
    const before = await evaluated(page);
    await page.locator(".cm-line", { hasText: `blueprint: '"app"'` }).click();
    await page.keyboard.press("End");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.type("s");
    await evaluated(page, before);
    await page.getByText("not checked: there is no blueprint apps").waitFor();
    await page.locator("#made .badge", { hasText: "not checked" }).waitFor();
    await page.getByRole("tab", { name: /Problems/ }).click();
    await page.getByRole("button", { name: "Rename the proposed blueprint to apps" }).click();
    await page.getByText("not checked").first().waitFor({ state: "detached" });
    await page.locator("#made .badge", { hasText: "fits" }).waitFor();
    expect(said).toEqual([]);
  });

  it("keeps the focus on the button that steps through records", async () => {
    const { url } = await startStudio([], "services-dirty.csv");
    const { page } = await openPage(newPage, url);
    const focused = () => page.evaluate("document.activeElement.id");
    for (const name of [/^Next failed/, "Next record", "Previous record"]) {
      const before = await evaluated(page);
      const button = page.getByRole("button", { name });
      await button.focus();
      const id = await button.getAttribute("id");
      await page.keyboard.press("Enter");
      await evaluated(page, before);
      expect(await focused()).toBe(id);
    }
  });

  it("completes columns under source.columns, and keeps the entities while a line is not YAML", async () => {
    const { url } = await startStudio([
      "-m",
      join(root, "mappings/services.yaml"),
      "-b",
      join(root, "samples/blueprints"),
    ]);
    const { page, said } = await openPage(newPage, url);
    const keys = page.keyboard;
    const made = await page.locator("#made h3").first().textContent();
    await page.locator(".cm-content").click();
    await keys.press("ControlOrMeta+Home");
    await keys.type("source:\n  columns:\n  Serv");
    await page.locator(".cm-tooltip-autocomplete li", { hasText: "Service ID" }).first().click();
    await page.locator(".cm-line", { hasText: /^ *Service ID:/ }).waitFor();
    await keys.press("ControlOrMeta+Home");
    await keys.type("'\n");
    await page.locator(".cm-lint-marker-error").first().waitFor();
    await page.locator("#made.stale").waitFor();
    expect(await page.locator("#made h3").first().textContent()).toBe(made);
    await page.locator(".cm-lint-marker-error").first().hover();
    const tip = page.locator(".cm-tooltip-lint").first();
    await tip.waitFor();
    // It may be drawn again between two looks.
    await expect.poll(async () => (await tip.boundingBox())?.width ?? Number.POSITIVE_INFINITY).toBeLessThan(640);
    expect(said).toEqual([]);
  });

  it("has a lower part that grows, and a table that stays from failed record to failed record", async () => {
    const { url } = await startStudio([], "services-dirty.csv");
    const { page, said } = await openPage(newPage, url);
    const top = async (id: string) => (await page.locator(id).boundingBox())?.y;
    const [rows, below] = [await top("#rows"), (await top("#below")) ?? 0];
    for (let click = 0; click < 4; click++) {
      const before = await evaluated(page);
      await page.getByRole("button", { name: /^Next failed/ }).click();
      await evaluated(page, before);
      expect(await top("#rows")).toBe(rows);
      // The first that failed could not even be read; the reason is beside the button.
      if (click === 0) expect(await page.locator(".refused").textContent()).toContain("cells");
    }
    await page.getByRole("separator", { name: "Height of the lower part" }).focus();
    await page.keyboard.press("ArrowUp");
    await expect.poll(() => top("#below")).toBeLessThan(below);
    const edge = await page.getByRole("separator", { name: "Height of the lower part" }).boundingBox();
    await page.mouse.move(600, (edge?.y ?? 0) + 3);
    await page.mouse.down();
    await page.mouse.move(600, 300);
    await page.mouse.up();
    expect(Math.abs(((await top("#below")) ?? 0) - 300)).toBeLessThan(20);
    expect(said).toEqual([]);
  });

  it("reports a column that the source lacks where it is typed, and writes the right one by a click", async () => {
    const { url } = await startStudio([
      "-m",
      join(root, "mappings/services.yaml"),
      "-b",
      join(root, "samples/blueprints"),
    ]);
    const { page } = await openPage(newPage, url);
    await page.locator(".cm-line", { hasText: "title: .Name" }).first().click();
    await page.keyboard.press("End");
    await page.keyboard.press("Backspace");
    await page.locator(".cm-lint-marker-error").waitFor();
    await page.getByRole("button", { name: "Write .Name" }).click();
    await page.locator(".cm-lint-marker-error").waitFor({ state: "detached" });
    await page.locator(".cm-line", { hasText: "title: .Name" }).first().waitFor();
  });

  it("shows a fault at its line while it is typed, and what a value was made of", async () => {
    const { url } = await startStudio([
      "-m",
      join(root, "mappings/services.yaml"),
      "-b",
      join(root, "samples/blueprints"),
    ]);
    const { page, said } = await openPage(newPage, url);
    const before = await evaluated(page);
    await page.locator(".cm-line", { hasText: "title: .Name" }).first().click();
    await page.keyboard.press("End");
    await page.keyboard.type(" |");
    await evaluated(page, before);
    await page.locator(".cm-lint-marker-error").waitFor();
    await page.getByRole("tab", { name: /Problems \(\d/ }).waitFor();
    await page.keyboard.press("Backspace");
    await page.keyboard.press("Backspace");
    await page.locator(".cm-lint-marker-error").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "title", exact: true }).hover();
    expect(await page.locator(".cm-line.linked").textContent()).toContain("title:");
    expect(await page.locator("#rows tr.linked th").textContent()).toContain("Name");
    expect(said).toEqual([]);
  });

  it("keeps what was not saved over a reload, and overwrites no file unasked", async () => {
    const { folder, url, base } = await startStudio();
    const { page } = await openPage(newPage, url);
    page.on("dialog", (dialog) => dialog.accept());
    await page.locator(".cm-content").click();
    await page.keyboard.press("ControlOrMeta+Home");
    await page.keyboard.type("# mine\n");
    await page.goto(base);
    await evaluated(page);
    expect(await page.locator(".cm-line").first().textContent()).toBe("# mine");
    const save = async () => {
      await page.getByRole("button", { name: "Save" }).first().click();
      await page.getByLabel("Mapping file").fill("services.csv");
      await page.getByLabel(/Folder for the proposed blueprints/).fill("");
      await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
    };
    await save();
    await page.getByText("services.csv exists. Save again to overwrite it").waitFor();
    expect(await readFile(join(folder, "services.csv"), "utf8")).toContain("Service ID");
  });

  it("shows what was saved after a reload, and asks about all files at once", async () => {
    const { folder, url } = await startStudio();
    const { page } = await openPage(newPage, url);
    page.on("dialog", (dialog) => dialog.accept());
    const typeAtTop = async (text: string) => {
      await page.locator(".cm-content").click();
      await page.keyboard.press("ControlOrMeta+Home");
      await page.keyboard.type(`# ${text}\n`);
    };
    const save = () => page.getByRole("dialog").getByRole("button", { name: "Save", exact: true }).click();
    await typeAtTop("mine");
    await page.keyboard.press("ControlOrMeta+s");
    await save();
    await page.getByText("Saved as services.yaml, blueprints/service.json").waitFor();
    await page.reload();
    await evaluated(page);
    expect(await page.locator(".cm-line").first().textContent()).toBe("# mine");
    await page.getByText("Saved as services.yaml").waitFor();
    await typeAtTop("not saved");
    await page.reload();
    await evaluated(page);
    expect(await page.locator(".cm-line").first().textContent()).toBe("# not saved");
    await Promise.all(
      ["services.yaml", "blueprints/service.json"].map((name) => writeFile(join(folder, name), "theirs")),
    );
    await page.keyboard.press("ControlOrMeta+s");
    await save();
    await page.getByText("services.yaml and blueprints/service.json changed on disk since.").waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    for (const name of ["services.yaml", "blueprints/service.json"])
      expect(await readFile(join(folder, name), "utf8")).toBe("theirs");
    await page.locator(".cm-content").click();
    await page.keyboard.press("ControlOrMeta+Home");
    await page.keyboard.type("bogus: 1\n");
    await page.keyboard.press("ControlOrMeta+s");
    await page.getByLabel("Mapping file").fill("other.yaml");
    await page.getByLabel(/Folder for the proposed blueprints/).fill("");
    await save();
    await page.getByText("Saved as other.yaml, saved with 1 error: lint will refuse it").waitFor();
  });

  it("overwrites what it saved itself, but not what somebody changed since", async () => {
    const { folder, url } = await startStudio();
    const { page } = await openPage(newPage, url);
    const save = async () => {
      await page.getByRole("button", { name: "Save" }).first().click();
      await page.getByLabel("Mapping file").fill("m.yaml");
      await page.getByLabel(/Folder for the proposed blueprints/).fill("");
      await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
    };
    const change = async (text: string) => {
      await page.locator(".cm-content").click();
      await page.keyboard.press("ControlOrMeta+Home");
      await page.keyboard.type(`# ${text}\n`);
    };
    await save();
    await page.getByText("Saved as m.yaml").waitFor();
    await change("two");
    await save();
    await page.getByText("Saved as m.yaml").waitFor();
    expect(await readFile(join(folder, "m.yaml"), "utf8")).toContain("# two");
    await writeFile(join(folder, "m.yaml"), "theirs\n");
    await change("three");
    await save();
    await page.getByText("m.yaml changed on disk since. Save again to overwrite it").waitFor();
    expect(await readFile(join(folder, "m.yaml"), "utf8")).toBe("theirs\n");
    await page.getByRole("button", { name: "Cancel" }).click();
    page.on("dialog", (dialog) => dialog.accept());
    await page.reload();
    await page.getByText("m.yaml changed on disk since").waitFor();
    expect(await page.locator(".cm-content").textContent()).toContain("# three");
    await page.getByRole("button", { name: "Take what is on disk" }).click();
    await expect.poll(() => page.locator(".cm-content").textContent()).toBe("theirs");
    await page.getByText("Saved as m.yaml").waitFor();
  });

  it("opens again in the browser that has it, also beside another studio", async () => {
    const [one, two] = [await startStudio(), await startStudio()];
    const { page } = await openPage(newPage, one.url);
    for (const { url } of [two, one, two]) {
      expect((await page.goto(url))?.status()).toBe(200);
      await evaluated(page);
    }
  });

  it.each([
    [1280, "light"],
    [1280, "dark"],
    [400, "light"],
    [400, "dark"],
  ] as const)("is accessible at %i px, %s", async (width, scheme) => {
    const { url } = await startStudio();
    const { page, said } = await openPage(newPage, url, { width, colorScheme: scheme });
    for (const tab of ["Problems", "Blueprints", "Dry run and import", "Whole source"]) {
      await page.getByRole("tab", { name: new RegExp(tab) }).click();
      expect(await violations(page), tab).toEqual([]);
    }
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    expect(said).toEqual([]);
  });

  it("answers only its own browser, under its own name, from its own origin, and the token once", async () => {
    const { url, base } = await startStudio();
    const get = async (path: string, headers: Record<string, string> = {}, method: "GET" | "POST" = "GET") => {
      const { statusCode, headers: got, body } = await request(base + path, { method, headers });
      return { status: statusCode, headers: got, text: await body.text() };
    };
    expect((await get("/")).status).toBe(403);
    expect((await get("/page.js")).status).toBe(403);
    expect((await get("/?token=wrong")).status).toBe(403);
    const opened = await get(url.slice(base.length));
    expect(opened.status).toBe(303);
    const cookie = String(opened.headers["set-cookie"]);
    expect(cookie).toContain("HttpOnly; SameSite=Strict");
    expect((await get(url.slice(base.length))).status).toBe(403);
    const mine = { cookie: cookie.split(";")[0] ?? "" };
    const page = await get("/", mine);
    expect(page.status).toBe(200);
    expect(page.headers["content-security-policy"]).not.toContain("unsafe-inline");
    expect((await get("/", { ...mine, host: "evil.example" })).status).toBe(421);
    const post = { ...mine, "content-type": "application/json" };
    expect((await get("/api/start", { ...post, origin: "http://evil.example" }, "POST")).status).toBe(403);
    const facts = await request(`${base}/api/start`, { method: "POST", headers: post, body: "{}" });
    const text = await facts.body.text();
    expect(JSON.parse(text).ok.hasCredentials).toBe(true);
    expect(text).not.toContain("PORT_CLIENT_SECRET");
  });
});
