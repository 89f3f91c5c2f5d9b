import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "../support/catalog.js";

/** A row of the list of broken nights, and the tests that hold it: a file, and words of the test's name or of its table. */
type Row = readonly [row: string, ...tests: (readonly [file: string, name: string])[]];

const nights = "recipes/prune/nights.test.ts";
const notApi = "api/not-the-api.test.ts";
const outputs = "cli/outputs.test.ts";
const ends = "cases/nights-ends.test.ts";
const lock = "state/lock.test.ts";

const rows: readonly Row[] = [
  [
    "a night killed before its prune does not enlarge the base",
    [nights, "after a night that was killed before its prune"],
    [
      "recipes/prune/random-nights.long.test.ts",
      "no more is deleted between two finished prunes than the limits allow",
    ],
  ],
  ["a night refused for a reject does not", [nights, "after a night that was refused for one reject"]],
  [
    "nor do a refused night, --keep 1, a comment in the mapping",
    [nights, "after a refused night, --keep 1, and comments and another layout in the mapping"],
    [nights, "after an edit by which the same entities are owned for another reason"],
  ],
  [
    "a fresh state folder each night",
    [nights, "with a fresh state folder each night, as far as the dates of the catalog say"],
    ["plan/owned-before.test.ts", "without any memory, the catalog's dates"],
  ],
  [
    "one digit flipped in the journal",
    ["recipes/resume.test.ts", "ends the resume with its file and line, and nothing is taken for written"],
    ["state/journal.test.ts", "notices any flipped bit, and names file and line"],
  ],
  ["a power cut, then resume", ["recipes/power-cut.long.test.ts", "ends with the catalog of an undisturbed one"]],
  [
    "mode create, a lost reply, a server's clock that is years behind",
    ["recipes/lost-creations.test.ts", "a server whose clock is 10 years behind"],
    ["write/exchange.test.ts", "though the server's clock is 10 years behind"],
  ],
  ["an export that fails midway", [outputs, "appears whole or not at all: a failed export leaves what was there"]],
  [
    "duplicates: error, plan and sync alike",
    ["recipes/plan.test.ts", "with a later record of the same entity that is rejected"],
  ],
  [
    "a prune whose server ignores the query",
    [nights, "deletes nothing of others where the server ignores the query"],
    [nights, "leaves and reports what somebody else took over between the search and the deletion"],
    ["recipes/prune/planned.test.ts", "leaves and reports what somebody else took over"],
  ],
  [
    "the lock of a killed pod of another host name",
    [lock, "a killed pod of another host name"],
    ["schedules-run.long.test.ts", "the next night's pod, of another host name, takes over the lock on the volume"],
    ["schedules-run.long.test.ts", "is not taken over while it lives, whatever the other's host name"],
    [lock, "another pid namespace with this host's name"],
  ],
  [
    "a stale, torn or empty lock",
    [lock, "is not hindered by what earlier versions or killed takers left"],
    [lock, '"empty", ""'],
  ],
  [
    "the wall clock set back",
    ["api/clock.test.ts", "continues at its pace while the wall clock is set back by an hour"],
  ],
  [
    "--keep 1 beside an interrupted import",
    ["recipes/resume.test.ts", "is still there after another import with --keep 1"],
  ],
  [
    "a full disk behind stdout or stderr",
    [outputs, "a full disk behind stdout"],
    [outputs, "a full disk behind stderr"],
  ],
  [
    "a reader of stderr that goes (2>&1 | head -1)",
    [ends, "a reader that goes after the first line (2>&1 | head -1) decides no import"],
  ],
  [
    "SIGINT on export, preview and explain",
    ["cli/first-contact.test.ts", "ends %s that waits on stdin at once, in one line"],
    ["cli/first-contact.test.ts", "ends an export that waits for the API, which leaves no file"],
    ["cli/bad-input.test.ts", "ends in order when it is interrupted"],
  ],
  [
    "Ctrl-C in apply at 8 s latency",
    [ends, "on an apply whose requests hang is acknowledged at once, and a second one ends it"],
    [ends, "on an apply whose requests hang ends it within the grace of 10 s"],
  ],
  ["the first Ctrl-C on blueprint apply", [ends, "on blueprint %s that waits for the API ends it with 4, in one line"]],
  ["a signal to an import", ["cli/interrupt.test.ts", "ends at once at the second one, and is resumed all the same"]],
  [
    "a FIFO without a writer",
    ["read/attacks.test.ts", "without a writer ends with the signal"],
    ["recipes/init-inventory.test.ts", "waits for a FIFO"],
  ],
  ["--state-dir under /proc", ["state/state.test.ts", "is refused at once below /proc"]],
  ["a dangling link in a folder", ["read/attacks.test.ts", "with a link that leads nowhere is an error that names it"]],
  [
    "an endless body",
    [notApi, "replies that are too long"],
    ["api/endless.long.test.ts", "an endless reply (%s) ends with 3, in bounded memory and time"],
  ],
  [
    "a search that never ends",
    [notApi, "cursors that alternate"],
    [notApi, "is ended where it gives more entities than the blueprint has"],
  ],
  [
    "every reply is a page, a redirect, an odd status",
    [notApi, "what answers in place of the API"],
    [notApi, "has a row for each kind of reply"],
  ],
  [
    "an empty journal in the newest folder",
    ["recipes/resume.test.ts", "is the newest usable one, and the broken one is named"],
  ],
  ["outputs that cannot be written", [outputs, "is seen to before any work"]],
  ["links that make loops", ["read/attacks.test.ts", "with links that make loops gives each real file once"]],
  [
    "200 with a page on the token route; coded replies",
    [notApi, "is named at once, with what to do"],
    [notApi, "compressed replies"],
  ],
  ["409 and 413 for everything", [notApi, "413 for everything"], [notApi, "409 for everything in Port's form"]],
  [
    "long waits: the wait and its reason with a countdown",
    ["report/progress.test.ts", "waiting for the quota: continues in 42 s"],
    ["report/progress.test.ts", '{ for: "retry", leftMs: 4000, requests: 3, why: "ECONNRESET" }'],
  ],
  ["plan killed: /tmp/portload-plan-* stays", [ends, "are removed by the next run"]],
  [
    "delete replies that repeat, or name nothing; two prunes at once",
    [notApi, "counts what its reply names, each once, and looks up the rest"],
  ],
  [
    "an expired certificate, a server that speaks HTTP/2 alone, 407, a proxy without a scheme, a secret with a line end",
    ["api/connection.test.ts", "the server's certificate has expired"],
    ["api/connection.test.ts", "because it speaks HTTP/2 alone is reported as that"],
    ["api/connection.test.ts", "is shown with http:// where it has no scheme"],
    ["api/connection.test.ts", '"user:p%40ss@127.0.0.1"'],
    [notApi, "a proxy that asks to sign in (status 407)"],
    ["cases/writing.test.ts", "the proxy address %s is not a crash"],
    ["recipes/run/credentials.test.ts", "s3cr3t\\n"],
  ],
  ["a source that is truncated or rewritten", ["read/attacks.test.ts", "a source that changes while it is read"]],
  ["a record of hundreds of megabytes", ["read/json.test.ts", "record beyond maxRecordBytes and reads the next"]],
  ["what steers a terminal", [outputs, "is made visible in messages, and escaped in JSON"]],
  [
    "patterns that backtrack, numbers of 200,000 zeros",
    ["check/bounded.test.ts", "of a number with 200,000 zeros"],
    ["pattern.test.ts", "a pattern in bounded time"],
    ["emulator/framework-errors.test.ts", "a pattern that backtracks refuses the value and holds up nobody"],
  ],
  [
    "a mapping of 8,000 resources",
    ["lint/size.long.test.ts", "a lint of 8,000 resources takes seconds, and four times as long as one of 2,000"],
    ["map/jq-compile.test.ts", "are one program where all are right, and each once"],
  ],
  ["addresses with passwords in messages", ["secrets.test.ts", "credentials and signatures in an address"]],
  ["a foreign Host at the emulator", ["emulator/framework-errors.test.ts", "evil.example"]],
  ["echoes of the secret", ["api/masking.test.ts", "a secret in a server's words"]],
  [
    "--pace with a database that is not there",
    ["api/redis-pace.test.ts", "is refused in a database that the Redis does not have"],
  ],
  [
    "schedules that keep their state",
    ["schedules-run.long.test.ts", "syncs with prune, and the second night knows the first"],
  ],
];

it.each(rows.map(([row, ...tests]) => ({ row, tests })))("nights: $row", ({ tests }) => {
  for (const [file, name] of tests) expect(readFileSync(join(root, "test", file), "utf8"), file).toContain(name);
});
