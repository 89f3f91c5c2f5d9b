import { defineConfig } from "vitest/config";

const results = process.env.PORTLOAD_TEST_RESULTS;

/** Set by `npm run test:long`: the suite below, with more seeds, sizes and readings. `with short` for both suites in one run. */
const isLong = process.env.PORTLOAD_LONG !== undefined;
/** Files that are in both: `npm test` runs a few of their seeds, sizes and readings. */
const inBoth = ["test/cases/nights-ends.test.ts", "test/emulator/fuzz.test.ts", "test/recipes/readings/*.test.ts"];
/** Files that take minutes by their nature. */
const longOnly = "test/**/*.long.test.ts";
const all = "test/**/*.test.ts";
const longFiles = process.env.PORTLOAD_LONG === "with short" ? [all] : [longOnly, ...inBoth];
/** Without the statuses of every route, there is no comparison with Port's API description. */
const leftOut = process.env.PORTLOAD_CONFORMANCE === "1" ? "test/**/!(every-status).long.test.ts" : longOnly;

export default defineConfig({
  test: {
    name: isLong ? "long" : "short",
    include: isLong ? longFiles : [all],
    exclude: isLong ? [] : [leftOut],
    globalSetup: ["test/support/build.ts", "test/support/replies.ts"],
    setupFiles: ["test/support/every-test.ts"],
    // They catch a hang; a test that needs longer says so. Far more than a quiet machine needs, since machines are shared.
    testTimeout: isLong ? 240_000 : 60_000,
    // The same for what is looked at again and again until it holds.
    expect: { poll: { timeout: 30_000 } },
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    // One process for all files of a worker: loading the program anew for each would take as long as the tests. Files share no state but what modules hold.
    pool: "forks",
    isolate: false,
    maxWorkers: 2,
    reporters: results === undefined ? ["default"] : ["default", ["json", { outputFile: results }]],
  },
});
