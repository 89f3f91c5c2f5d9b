import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/**
 * `npm run readings [-- <reading>…]`: the importer's suite under each reading of Port's behaviour that is not the likeliest, one at a time. Takes the better part
 * of an hour. Ends with 1 when the suite fails under one. Tests about one reading name it in their emulator's options, and keep it.
 */
const root = resolve(import.meta.dirname, "../..");
// Built, because Node 20 does not run TypeScript.
const { readingValues } = await import(join(root, "node_modules/.cache/portload-bench/src/emulator/readings.js"));

/** Where the importer meets the emulator. */
const suite = ["test/recipes", "test/write", "test/cli/entity.test.ts"];
/** Runs under each reading by itself; spawns programs, whose way to the API is the same; does not go by the API. */
const left = ["readings/**", "kill", "plan-cli", "secrets", "init", "explain", "lint", "mapping-test"];
const without = left.map((name) => `test/recipes/${name.endsWith("**") ? name : `${name}.test.ts`}`);

const wanted = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "portload-readings-"));
let [ran, failed] = [0, 0];
for (const [key, [, ...values]] of Object.entries(readingValues)) {
  for (const value of values) {
    const reading = `${key}=${value}`;
    if (wanted.length > 0 && !wanted.some((start) => reading.startsWith(start))) continue;
    const results = join(folder, `${reading}.json`);
    const args = ["vitest", "run", ...suite, ...without.flatMap((path) => ["--exclude", path])];
    const { status, stderr, stdout } = spawnSync("npx", args, {
      cwd: root,
      env: { ...process.env, PORTLOAD_BUILT: "1", PORTLOAD_READING: reading, PORTLOAD_TEST_RESULTS: results },
      encoding: "utf8",
      maxBuffer: 2 ** 28,
    });
    if (!existsSync(results)) throw new Error(`the suite did not run under ${reading}:\n${stdout}\n${stderr}`);
    const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(readFileSync(results, "utf8"));
    console.log(`${reading}: ${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`);
    for (const { assertionResults, name, status, message } of testResults) {
      const bad = assertionResults.filter((/** @type {{ status: string }} */ each) => each.status === "failed");
      for (const { fullName, failureMessages } of bad)
        console.log(`  ${name.slice(root.length + 1)} › ${fullName}\n    ${String(failureMessages[0]).slice(0, 600)}`);
      if (bad.length === 0 && status === "failed") console.log(`  ${name}: ${message}`);
    }
    // A file that does not load has no test that failed.
    if (status !== 0) failed++;
    ran++;
  }
}
rmSync(folder, { recursive: true, force: true });
if (ran === 0) console.error(`no reading is called ${wanted.join(" or ")}`);
process.exitCode = failed > 0 || ran === 0 ? 1 : 0;
