/** Time from a key to the entities that it leads to, in a browser: 200 records of 40 columns, keys of several kinds. Programs that are named are measured key by key beside each other. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { chromium, type Page } from "playwright-core";

const root = resolve(import.meta.dirname, "../../../..");
const programs =
  process.argv.length > 2 ? process.argv.slice(2).map((path) => resolve(path)) : [join(root, "dist/cli/main.js")];
const [records, columns] = [200, 40];

/** A column of each kind in turn. */
function cell(row: number, column: number): string {
  const kinds = [
    `host-${row}-${column}`,
    String(row * column),
    row % 3 === 0 ? "" : `team ${row % 7}`,
    `2026-0${1 + (row % 9)}-11`,
    `https://h${row}.example/${column}`,
    row % 2 === 0 ? "true" : "false",
    `a${row % 5}; b${column}`,
    `${row}.${column}`,
  ];
  return kinds[column % kinds.length] ?? "";
}

function csv(): string {
  const line = (cells: readonly string[]): string => `${cells.join(",")}\n`;
  const names = Array.from({ length: columns }, (_, column) => `c${column}`);
  const rows = Array.from({ length: records }, (_, row) => line(names.map((_name, column) => cell(row, column))));
  return line(names) + rows.join("");
}

function mapping(): string {
  const expressions = Array.from({ length: columns }, (_, column) => {
    const read = `.c${column}`;
    const kinds = [
      read,
      `(${read} | tonumber)`,
      `(${read} | ascii_upcase)`,
      `(${read} | gsub("-"; "/"))`,
      `(${read} | ltrimstr("https://"))`,
    ];
    return `          p${column}: ${[0, 1, 2, 3, 4].includes(column) ? kinds[column] : read}\n`;
  });
  return `resources:
  - kind: hosts
    selector:
      query: "true"
    port:
      entity:
        mappings:
          identifier: .c0
          title: .c0
          blueprint: '"host"'
          properties:
${expressions.map((line) => `  ${line}`).join("")}`;
}

/** What is typed, key by key, and where; all of it leaves the mapping as it was. */
const typing: readonly { readonly what: string; readonly line: number; readonly keys: readonly string[] }[] = [
  { what: "an edit of jq", line: 8, keys: [..." | ascii_upcase"] },
  { what: "taking it back", line: 8, keys: Array<string>(15).fill("Backspace") },
  { what: "a new property", line: 50, keys: ["Enter", ..."fresh: .c12 + .c1"] },
  {
    what: "a typo and its fix",
    line: 18,
    keys: ["x", "Backspace", "|", "Backspace", "Backspace", "7", "(", "Backspace"],
  },
  { what: "regular expressions", line: 14, keys: [...` | test("^x")`] },
];

/** In the page: when a key was pressed, and when the frame was painted that follows what it led to. */
const watch = `
  window.shown = 0;
  addEventListener("keydown", ({ timeStamp }) => { window.pressed = timeStamp; window.shown = 0; }, true);
  addEventListener("DOMContentLoaded", () => {
    const painted = () => { window.shown = performance.now(); };
    new MutationObserver(() => requestAnimationFrame(() => setTimeout(painted))).observe(document.body, { attributeFilter: ["data-evaluated"] });
  });`;

async function key(page: Page, name: string): Promise<number> {
  await page.keyboard.press(name);
  await page.waitForFunction("window.shown > 0", undefined, { polling: 5 });
  return page.evaluate("window.shown - window.pressed");
}

async function open(program: string, folder: string) {
  const child = spawn(process.execPath, [program, "studio", "hosts.csv", "-m", "hosts.yaml", "-b", "blueprints"], {
    ...{ cwd: folder, env: { PATH: process.env.PATH }, stdio: ["ignore", "inherit", "pipe"] as const },
  });
  let said = "";
  child.stderr.on("data", (text) => (said += text));
  while (!said.includes("Ctrl-C")) await once(child.stderr, "data");
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 }, bypassCSP: true })).newPage();
  await page.addInitScript(watch);
  await page.goto(/http:\S+/.exec(said)?.[0] ?? "");
  await page.waitForFunction("window.shown > 0");
  return { child, page, times: [] as { what: string; ms: number }[] };
}

const folder = await mkdtemp(join(tmpdir(), "portload-studio-bench-"));
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
try {
  await writeFile(join(folder, "hosts.csv"), csv());
  await writeFile(join(folder, "hosts.yaml"), mapping());
  const properties = Object.fromEntries(
    Array.from({ length: columns }, (_, column) => [`p${column}`, { type: column === 1 ? "number" : "string" }]),
  );
  await mkdir(join(folder, "blueprints"));
  const blueprint = { identifier: "host", title: "Host", icon: null, schema: { properties, required: [] } };
  await writeFile(join(folder, "blueprints/host.json"), JSON.stringify(blueprint));
  const studios = [];
  for (const program of programs) studios.push(await open(program, folder));
  for (const { what, line, keys } of typing) {
    for (const { page } of studios) {
      await page.locator(".cm-content").focus();
      await page.keyboard.press("ControlOrMeta+Home");
      for (let down = 1; down < line; down++) await page.keyboard.press("ArrowDown");
      await page.keyboard.press("End");
    }
    for (const name of keys) for (const { page, times } of studios) times.push({ what, ms: await key(page, name) });
  }
  for (const [index, { times, child }] of studios.entries()) {
    console.log(programs[index]);
    for (const what of [...typing.map((one) => one.what), "all"]) {
      const all = times
        .filter((one) => what === "all" || one.what === what)
        .map(({ ms }) => ms)
        .sort((a, b) => a - b);
      const at = (share: number): string =>
        (all[Math.min(all.length - 1, Math.ceil(all.length * share) - 1)] ?? 0).toFixed(0);
      console.log(`  ${what}: ${all.length} keys, median ${at(0.5)} ms, 95th ${at(0.95)} ms, longest ${at(1)} ms`);
    }
    child.kill("SIGTERM");
  }
} finally {
  await browser.close();
  await rm(folder, { recursive: true, force: true });
}
