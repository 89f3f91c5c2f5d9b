import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { describeError } from "../../src/cli/terminal.js";
import { GuardError } from "../../src/errors.js";
import { blueprintOf, envOf, makeFolder, startCatalog } from "../support/catalog.js";
import { runInProcess } from "../support/in-process.js";

const mapping = `resources:
  - kind: servers
    port: { entity: { mappings: { identifier: .id, blueprint: '"server"', properties: { cores: .cores } } } }
`;

/** A folder with a source of which one record is wrong, and a catalog for it. */
async function world(more: Readonly<Record<string, string>> = {}) {
  const folder = await makeFolder();
  await writeFile(join(folder, "servers.csv"), "id,cores\na,1\nb,many\n");
  await writeFile(join(folder, "servers.yaml"), mapping);
  const server = blueprintOf("server", { schema: { properties: { cores: { type: "number" } } } });
  const env = envOf(await startCatalog({ blueprints: [server] }));
  const run = (...args: readonly string[]) => runInProcess(args, { ...env, ...more }, { cwd: folder });
  const importServers = (...more: readonly string[]) => run("import", "servers.csv", "-m", "servers.yaml", ...more);
  return { folder, env, run, importServers };
}

/** What npm gives a program that `npx portload …` started. */
const npx = { npm_lifecycle_event: "npx", npm_lifecycle_script: "portload import servers.csv -m servers.yaml" };

/** The words of a command as a shell takes them. */
const wordsOf = (line: string) =>
  [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? "");

const idOf = (text: string) => /\d{8}T\d{9}Z-\w{4}/.exec(text)?.[0] ?? "";

describe("the end of a summary", () => {
  it("names every file that was written, and what to do next", async () => {
    const { importServers } = await world();
    const { code, stderr } = await importServers("--report", "out/r.json", "--report", "r.prom");
    const id = idOf(stderr);
    expect(code).toBe(1);
    expect(stderr.slice(stderr.indexOf("files\n"), stderr.indexOf("ledger"))).toBe(
      `files
  .portload/${id}/rejects/servers.csv  1 record to correct and import again
  .portload/${id}/reasons.ndjson  why, one line each
  .portload/${id}/report.json
  out/r.json
  r.prom

`,
    );
    expect(stderr.slice(stderr.indexOf("Finished"))).toBe(
      `Finished with 1 entity failed, 1 entity is in the catalog as the sources have it.
To import what failed: correct .portload/${id}/rejects/servers.csv, then: portload retry ${id}
To see all of it as a page: portload report ${id} --report report.html
To take it back: portload undo ${id} --max-delete 100%
`,
    );
    expect(stderr).toContain("     first: servers.csv:3, record 2, server/b, value many\n");
  });

  it("counts the records that failed, where some were not mapped and entities of others were refused", async () => {
    const { folder, run, importServers } = await world();
    await writeFile(join(folder, "servers.csv"), "id,cores\na,1\nb,many\nc,2,3\n");
    const { stderr } = await importServers();
    expect(stderr).toContain("Finished with 1 record and 1 entity failed (2 of 3 records), 1 entity is in the catalog");
    const dry = await run("import", "servers.csv", "-m", "servers.yaml", "--dry-run");
    expect(dry.stderr).toContain("\nTo see what differs from the catalog: portload plan servers.csv -m servers.yaml\n");
    expect(stderr).not.toContain("portload plan");
  });

  it("counts what the run itself did, and nothing else that the catalog holds", async () => {
    const { folder, run, importServers } = await world();
    const id = idOf((await importServers()).stderr);
    await writeFile(join(folder, `.portload/${id}/rejects/servers.csv`), "id,cores\nb,8\n");
    expect((await run("retry")).stderr).toContain("\nFinished: 1 created; 1 record accounted for.\n");
    const again = await run("sync", "servers.csv", "-m", "servers.yaml", "--limit", "1");
    expect(again.stderr).toContain("\nFinished: 1 unchanged; 1 record accounted for.\n");
    const undone = await run("undo", "--yes", "--max-delete", "100%");
    expect(undone.stderr).toContain("\nFinished: 1 deleted.\n");
  });

  it("leads from a dry run to a plan by the same words, except for what a plan lacks or would write over", async () => {
    const { folder, run } = await world();
    await writeFile(join(folder, "my servers.csv"), "id,cores\na,1\n");
    const args = ["import", "my servers.csv", "--report", "r.html", "-m", "servers.yaml", "--dry-run", "--limit", "5"];
    const { stderr } = await run(...args, "--keep-before", "--report=r.json", "--state-dir", "my state");
    const [, line = ""] = /differs from the catalog: portload (.*)\n/.exec(stderr) ?? [];
    expect(line).toBe("plan 'my servers.csv' -m servers.yaml --limit 5 --state-dir 'my state'");
    const plan = await run(...wordsOf(line), "--out", "my plan");
    expect(plan.code).toBe(0);
    const [, apply = ""] = /To do exactly this: portload (.*)\n/.exec(plan.stderr) ?? [];
    expect(apply).toBe("apply 'my plan' --state-dir 'my state'");
    expect((await run(...wordsOf(apply))).code).toBe(0);
  });

  it("gives commands that work, in another state folder as well", async () => {
    const { folder, run, importServers } = await world();
    const { stderr } = await importServers("--state-dir", "my state");
    const [retry = [], report = [], undo = []] = [...stderr.matchAll(/: portload (.*)\n/g)].map(([, line = ""]) =>
      wordsOf(line),
    );
    expect([retry[0], report[0], undo[0]]).toEqual(["retry", "report", "undo"]);
    const rejects = join(folder, "my state", idOf(stderr), "rejects/servers.csv");
    await writeFile(rejects, (await readFile(rejects, "utf8")).replace("many", "8"));
    expect((await run(...retry)).code).toBe(0);
    expect((await run(...report)).code).toBe(0);
    const page = (await readFile(join(folder, "report.html"), "utf8")).replaceAll(/<[^>]+>/g, "");
    for (const line of [retry, undo]) expect(page).toContain(`portload ${line.slice(0, 2).join(" ")}`);
    expect((await run(...undo, "--yes")).code).toBe(0);
  });

  it("report says what file it wrote, and prints the report where none was asked for", async () => {
    const { run, importServers } = await world();
    await importServers();
    const { stdout, stderr } = await run("report", "--report", "r.html");
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^import \S+: written to r\.html\n$/);
    expect((await run("report")).stdout).toContain("ledger");
  });

  it("does not offer a page beside one, nor retry or undo where there is nothing left for them", async () => {
    const { importServers } = await world();
    const { stderr } = await importServers("--dry-run", "--report", "r.html");
    expect(stderr.slice(stderr.indexOf("Finished"))).toMatch(
      /^Finished with 1 entity failed, .*\nTo see what differs from the catalog: portload plan servers.csv -m servers.yaml\n$/,
    );
  });
});

describe("the last line of an import", () => {
  it("says what an undo takes back: what was created, what was merged only with --keep-before", async () => {
    const { folder, importServers } = await world();
    const lastOf = async (rows: string, ...more: readonly string[]) => {
      await writeFile(join(folder, "servers.csv"), `id,cores\n${rows}\n`);
      const { stderr } = await importServers(...more);
      return stderr.trimEnd().split("\n").at(-1)?.replace(idOf(stderr), "ID");
    };
    expect(await lastOf("a,1")).toBe("To take it back: portload undo ID --max-delete 100%");
    expect(await lastOf("a,2")).toBe(
      "An undo cannot take back what was merged: the import ran without --keep-before, which keeps what was there",
    );
    expect(await lastOf("a,3\nb,1", "--mode", "override")).toBe(
      "To take what was created back (not what was overridden: it ran without --keep-before): portload undo ID --max-delete 50%",
    );
    expect(await lastOf("a,4", "--keep-before")).toBe("To take it back: portload undo ID");
  });
});

describe("a column that has a format and that the source lacks", () => {
  const format = 'source: { columns: { Cores: { number: { decimal: "," } } } }\n';

  it("is found before the run begins, and may be lacking where the mapping says so", async () => {
    const { folder, importServers } = await world();
    await writeFile(join(folder, "servers.yaml"), format + mapping);
    const { code, stderr } = await importServers();
    expect([code, stderr]).toEqual([
      3,
      expect.stringContaining('servers.csv has no such column; did you mean "cores"?'),
    ]);
    expect(stderr).not.toMatch(/resume|ledger/);
    expect(existsSync(join(folder, ".portload"))).toBe(false);
    await writeFile(
      join(folder, "servers.yaml"),
      format.replace(" columns", " optionalColumns: [Cores], columns") + mapping,
    );
    expect((await importServers()).code).toBe(1);
  });

  it("ends a run that can read its source only once, without offering to resume", async () => {
    const { folder, env } = await world();
    await writeFile(join(folder, "servers.yaml"), format + mapping);
    const args = ["import", "-", "-m", "servers.yaml"];
    const { code, stderr } = await runInProcess(args, env, { cwd: folder, input: "id,cores\na,1\n" });
    expect([code, stderr]).toEqual([3, expect.stringContaining("no such column")]);
    expect(stderr).not.toContain("resume");
  });
});

describe("a quiet run", () => {
  it("says in two lines what failed, and nothing where nothing did", async () => {
    const { folder, run, importServers } = await world();
    const { code, stdout, stderr } = await importServers("--quiet");
    const id = idOf(stderr);
    expect([code, stdout, stderr]).toEqual([
      1,
      "",
      `portload: import ${id}: 1 entity failed of 2 records read
  to correct: .portload/${id}/rejects/servers.csv; why: .portload/${id}/reasons.ndjson
`,
    ]);
    const plan = await run("plan", "servers.csv", "-m", "servers.yaml", "--quiet");
    expect([plan.code, plan.stdout, plan.stderr]).toEqual([1, "", "portload: plan: 1 entity failed\n"]);
    await writeFile(join(folder, "servers.csv"), "id,cores\na,1\n");
    expect(await importServers("--quiet")).toEqual({ code: 0, stdout: "", stderr: "" });
  });
});

describe("retry", () => {
  it("takes the rejects of a sync as its end says, can be taken back, and reminds of the source", async () => {
    const { folder, run } = await world();
    const synced = await run("sync", "servers.csv", "-m", "servers.yaml");
    const [, rejects = "", line = ""] = /correct (\S+), then: portload (.*)\n/.exec(synced.stderr) ?? [];
    await writeFile(join(folder, rejects), "id,cores\nb,8\n");
    const { code, stderr } = await run(...line.split(" "));
    expect([code, stderr.slice(stderr.indexOf("Finished"))]).toEqual([
      0,
      `Finished: 1 created; 1 record accounted for.
What you corrected in a rejects file is as it was in its source: correct it there, too, or it fails again.
To take it back: portload undo ${idOf(stderr.slice(stderr.indexOf("\nretry ")))} --max-delete 100%
`,
    ]);
  });

  it("says that a rejects file is unchanged where it fails again, and how to import a source that was corrected", async () => {
    const { folder, run, importServers } = await world();
    const id = idOf((await importServers()).stderr);
    const rejects = `.portload/${id}/rejects/servers.csv`;
    await writeFile(join(folder, "servers.csv"), "id,cores\na,1\nb,8\n");
    const again = await run("retry");
    expect(again.code).toBe(1);
    const words = "if you corrected servers.csv itself: portload import servers.csv -m servers.yaml\n";
    expect(again.stderr).toContain(`${rejects}: unchanged since ${id}; ${words}`);
    const third = await run("retry");
    expect(third.stderr).toContain(
      `unchanged since ${idOf(again.stderr.slice(again.stderr.indexOf("\nretry ")))}; ${words}`,
    );
    await writeFile(join(folder, rejects), "id,cores\nb,more\n");
    expect((await run("retry", id)).stderr).not.toContain("unchanged since");
  });

  it("leaves the report files of the import that it retries as they are", async () => {
    const { folder, run, importServers } = await world();
    await importServers("--report", "r.json");
    const before = await readFile(join(folder, "r.json"), "utf8");
    const { stderr } = await run("retry");
    expect(stderr).toMatch(/^retry /m);
    expect(await readFile(join(folder, "r.json"), "utf8")).toBe(before);
    await run("retry", "--report", "r.json");
    expect(JSON.parse(await readFile(join(folder, "r.json"), "utf8"))).toMatchObject({ command: "retry" });
  });
});

describe("commands in what is said to people", () => {
  const endOf = async (env: Readonly<Record<string, string>>) => {
    const { importServers } = await world(env);
    const { stderr } = await importServers();
    return stderr.slice(stderr.indexOf("Finished")).replaceAll(idOf(stderr), "ID");
  };

  it("begin with npx where npx started the program, and nowhere twice", async () => {
    const end = await endOf(npx);
    expect(end).toContain("npx portload retry ID\n");
    expect(end).toContain("npx portload report ID --report report.html\n");
    expect(end).toContain("npx portload undo ID --max-delete 100%\n");
    expect(end).not.toMatch(/(?<!npx )portload [a-z]|npx npx/);
    const quoted = { ...npx, npm_lifecycle_script: '"portload" "import" "servers.csv"' };
    expect(await endOf(quoted)).toBe(end);
  });

  it("are as they were under another program of npx, and in scripts of npm", async () => {
    const plain = await endOf({});
    expect(plain).toContain(": portload retry ID\n");
    expect(await endOf({ ...npx, npm_lifecycle_script: "vitest run portload" })).toBe(plain);
    expect(await endOf({ ...npx, npm_lifecycle_script: "portload-other x" })).toBe(plain);
    expect(await endOf({ ...npx, npm_lifecycle_event: "nightly" })).toBe(plain);
  });

  it("are in errors and help as well; the program's own name stays", async () => {
    const wrong = await runInProcess(["improt"], npx);
    expect(wrong.stderr).toBe("portload: there is no command improt\n  Did you mean: npx portload import\n");
    const flag = await runInProcess(["import", "--bogus"], npx);
    expect(flag.stderr).toContain("\n  See npx portload import --help --all.\n");
    const { stdout } = await runInProcess(["retry", "--help"], npx);
    expect(stdout).toMatch(/^npx portload retry \[import id\] \[flags\]\n/);
    expect(stdout).toMatch(/\n {2}npx portload retry +the latest/);
  });

  it("stay as they are in data", async () => {
    const { stdout } = await runInProcess(["schema"], npx);
    expect(stdout).toBe((await runInProcess(["schema"])).stdout);
  });
});

describe("a sync whose prune is refused", () => {
  it("says what it wrote and what failed, and where that is shown", async () => {
    const { folder, run } = await world();
    await writeFile(join(folder, "servers.yaml"), mapping.replace("kind: servers", "kind: servers\n    prune: all"));
    const { code, stderr } = await run("sync", "servers.csv", "-m", "servers.yaml", "--prune");
    expect(code).toBe(6);
    const id = idOf(stderr);
    expect(stderr.slice(stderr.indexOf("Refused"))).toBe(
      `Refused by a guard: nothing is deleted; 1 entity failed, 1 entity is in the catalog as the sources have it
To see all of it as a page: portload report ${id} --report report.html
To take it back: portload undo ${id} --max-delete 100%
`,
    );
  });
});

describe("undo", () => {
  const rows = (value: number) => `id,cores\n${[1, 2, 3, 4, 5].map((id) => `s${id},${value}\n`).join("")}`;

  it("passes over a retry that wrote nothing, gives the command that works, and knows what it did before", async () => {
    const { folder, run, importServers } = await world();
    await writeFile(join(folder, "servers.csv"), `${rows(1)}bad,many\n`);
    const id = idOf((await importServers()).stderr);
    expect((await run("retry")).code).toBe(1);
    const refused = await run("undo", "--yes");
    expect(refused.code).toBe(6);
    const [, line = ""] = /allow as much and no more: portload (.*)\n/.exec(refused.stderr) ?? [];
    expect(line).toBe(`undo ${id} --max-delete 100%`);
    const done = await run(...line.split(" "), "--yes");
    expect(done.code).toBe(0);
    const again = await run("undo");
    expect([again.code, again.stderr]).toEqual([
      0,
      `Nothing to undo: ${id} is already undone by ${idOf(done.stderr)}.\n`,
    ]);
  });

  it("reports what it leaves as it is for one reason in one line, with three names", async () => {
    const { folder, run, importServers } = await world();
    await writeFile(join(folder, "servers.csv"), rows(1));
    await importServers();
    await writeFile(join(folder, "servers.csv"), rows(2));
    await importServers();
    const { code, stdout } = await run("undo");
    expect([code, stdout]).toEqual([
      1,
      expect.stringMatching(
        /^left as they are\n {2}! 5 of server: s\d, s\d, s\d and 2 more\n {6}.*\n\nNo changes: .*\n$/,
      ),
    ]);
  });
});

describe("a guard's hint", () => {
  it("has the command line as it was typed, signs of patterns included, with the flags after it", () => {
    const refused = new GuardError("too many", { hint: "If that is meant:", allowedBy: ["--max-delete 5"] });
    expect(describeError(refused, "portload sync 'a$&.csv'")).toBe(
      "portload: too many\n  If that is meant: portload sync 'a$&.csv' --max-delete 5",
    );
    expect(describeError(refused)).toBe("portload: too many\n  If that is meant: --max-delete 5");
  });
});
