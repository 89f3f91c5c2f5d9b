import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/**
 * `npm run readings [-- <reading>…]`: the importer's suite under each reading of Port's behaviour that is not the likeliest, one at a time. It runs once as always,
 * notes which readings each file can hang on (asked.ts), and then runs under each only those files; those with random cases always.
 * Takes an hour on two cores. Ends with 1 when the suite fails under one. Tests about one reading name it in their emulator's options, and keep it.
 */
const root = resolve(import.meta.dirname, "../..");
// Built, because Node 20 does not run TypeScript.
/** @type {{ readingValues: Readonly<Record<string, readonly unknown[]>> }} */
const { readingValues } = await import(join(root, "node_modules/.cache/portload-bench/src/emulator/readings.js"));

/** Where the importer meets the emulator. */
const suite = ["test/recipes", "test/write", "test/cli/entity.test.ts"];
/** Runs under each reading by itself; spawns programs, whose way to the API is the same; does not go by the API. */
const left = ["readings/**", "kill.long", "plan-cli", "secrets", "init", "explain", "lint", "mapping-test"];
const without = left
  .map((name) => `test/recipes/${name.endsWith("**") ? name : `${name}.test.ts`}`)
  .flatMap((path) => ["--exclude", path]);

const startMs = Date.now();
const folder = mkdtempSync(join(tmpdir(), "portload-readings-"));
const notes = join(folder, "asked.ndjson");
const wanted = process.argv.slice(2);
const others = Object.entries(readingValues).flatMap(([key, [, ...values]]) =>
  values.map((value) => ({ key, pair: `${key}=${value}` })),
);
const readings = others.filter(({ pair }) => wanted.length === 0 || wanted.some((start) => pair.startsWith(start)));
if (readings.length === 0) {
  console.error(`no reading is called ${wanted.join(" or ")}`);
  process.exit(1);
}

let failed = 0;
const first = run("likeliest", suite, { PORTLOAD_READINGS_ASKED: notes });
/** Whether a file is random, or hangs on a reading, or spawned an emulator that may. */
const asked = new Set(readFileSync(notes, "utf8").trim().split("\n"));
/** @type {(file: string, key: string) => boolean} */
const reaches = (file, key) =>
  readFileSync(file, "utf8").includes("fast-check") ||
  [key, "*"].some((each) => asked.has(JSON.stringify({ file, key: each })));

for (const { key, pair } of readings) {
  const files = first.filter((file) => reaches(file, key));
  if (files.length > 0) run(pair, files, { PORTLOAD_READING: pair });
}
rmSync(folder, { recursive: true, force: true });
const minutes = Math.round((Date.now() - startMs) / 60_000);
console.log(`${readings.length} readings, ${failed === 0 ? "none" : failed} failed, in ${minutes} minutes`);
process.exitCode = failed > 0 ? 1 : 0;

/**
 * Runs test files, and prints what came of it.
 * @param {string} title
 * @param {readonly string[]} files
 * @param {Readonly<Record<string, string>>} env
 * @returns {readonly string[]} the files
 */
function run(title, files, env) {
  const results = join(folder, `${title}.json`);
  const beganMs = Date.now();
  const { status, stderr, stdout } = spawnSync("npx", ["vitest", "run", ...files, ...without], {
    cwd: root,
    env: {
      ...process.env,
      PORTLOAD_BUILT: "1",
      PORTLOAD_LONG: "with short",
      PORTLOAD_SEEDS: "few",
      PORTLOAD_TEST_RESULTS: results,
      ...env,
    },
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (!existsSync(results)) throw new Error(`the suite did not run, ${title}:\n${stdout}\n${stderr}`);
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(readFileSync(results, "utf8"));
  const counts = `${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`;
  const seconds = Math.round((Date.now() - beganMs) / 1000);
  console.log(`${title}: ${counts}, in ${testResults.length} files, ${seconds} s`);
  for (const { assertionResults, name, status, message } of testResults) {
    const bad = assertionResults.filter((/** @type {{ status: string }} */ each) => each.status === "failed");
    for (const { fullName, failureMessages } of bad)
      console.log(`  ${name.slice(root.length + 1)} › ${fullName}\n    ${String(failureMessages[0]).slice(0, 600)}`);
    if (bad.length === 0 && status === "failed") console.log(`  ${name}: ${message}`);
  }
  // A file that does not load has no test that failed.
  if (status !== 0) failed++;
  return testResults.map((/** @type {{ name: string }} */ { name }) => name);
}
