import { readdirSync, readFileSync, statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { withoutHidden } from "../../src/secrets.js";
import { blueprintOf, envOf, makeFolder, startCatalog } from "../support/catalog.js";
import { runInProcess } from "../support/in-process.js";

const secret = "eu-7/pr0d-cluster-x";
const pods = '{"name":"a","age":"one"}\n{"name":"b","age":"2"}\n';
const blueprint = blueprintOf("pod", {
  schema: { properties: { cluster: { type: "string" }, age: { type: "number" }, zone: { type: "number" } } },
});

function mappingOf(root: string, properties = "cluster: env.CLUSTER_NAME"): string {
  return `${root}
resources:
  - kind: pods
    port:
      entity:
        mappings:
          identifier: .name + "-" + $ENV.CLUSTER_NAME[0:2]
          blueprint: '"pod"'
          properties: { ${properties} }
`;
}

async function folderWith(mapping: string): Promise<string> {
  const folder = await makeFolder();
  await writeFile(join(folder, "pods.ndjson"), pods);
  await writeFile(join(folder, "pods.yaml"), mapping);
  return folder;
}

const preview = (cwd: string, env: Record<string, string> = { CLUSTER_NAME: secret, OTHER: "o" }) =>
  runInProcess(["preview", "pods.ndjson", "-m", "pods.yaml"], env, { cwd });

describe("allowedEnvironmentVariablesInJQ", () => {
  it("shows the variables it names to expressions, as env.NAME and $ENV.NAME", async () => {
    const { code, stdout } = await preview(
      await folderWith(mappingOf("allowedEnvironmentVariablesInJQ: [CLUSTER_NAME]")),
    );
    expect(code).toBe(0);
    expect(
      stdout
        .split("\n")
        .slice(0, 2)
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      { identifier: "a-eu", properties: { cluster: secret } },
      { identifier: "b-eu", properties: { cluster: secret } },
    ]);
  });

  it("refuses others with the line that allows all that the mapping reads, which works when pasted", async () => {
    const cwd = await folderWith(mappingOf("", "cluster: 'env[\"OTHER\"]'"));
    const { code, stderr } = await preview(cwd);
    expect(code).toBe(3);
    const [, line = ""] = /`(allowedEnvironmentVariablesInJQ: [^`]*)`/.exec(stderr) ?? [];
    expect(line).toBe("allowedEnvironmentVariablesInJQ: [CLUSTER_NAME, OTHER]");
    const pasted = await preview(await folderWith(mappingOf(line, "cluster: 'env[\"OTHER\"]'")));
    expect([pasted.code, pasted.stdout]).toEqual([0, expect.stringContaining('"cluster":"o"')]);
  });

  it.each([
    ["the whole environment", "env | keys"],
    ["the whole environment as a variable", "$ENV | tojson"],
    ["a name that the record gives", "env[.name]"],
    ["a variable that is not allowed", "env.PATH"],
  ])("does not show %s", async (_, expression) => {
    const cwd = await folderWith(
      mappingOf("allowedEnvironmentVariablesInJQ: [CLUSTER_NAME]", `cluster: '${expression}'`),
    );
    const { code, stderr } = await preview(cwd);
    expect([code, stderr]).toEqual([3, expect.stringContaining("is refused")]);
    const { code: linted, stdout } = await runInProcess(["lint", "pods.yaml"], {}, { cwd });
    expect([linted, stdout]).toEqual([3, expect.stringContaining("refused_expression")]);
  });

  it("holds nothing but what is allowed, also where an expression gets at all of it", async () => {
    const cwd = await folderWith(
      mappingOf(
        "allowedEnvironmentVariablesInJQ: [CLUSTER_NAME]",
        "cluster: '[env.CLUSTER_NAME, ($ENV.CLUSTER_NAME | ascii_upcase)] | join(\"+\")'",
      ),
    );
    const { stdout } = await preview(cwd);
    expect(stdout).toContain(`"cluster":"${secret}+${secret.toUpperCase()}"`);
  });

  it("says which variable is not set, and gives null for it", async () => {
    const cwd = await folderWith(
      mappingOf("allowedEnvironmentVariablesInJQ: [CLUSTER_NAME, OTHER]", "cluster: env.OTHER"),
    );
    const { code, stdout, stderr } = await preview(cwd, { CLUSTER_NAME: secret });
    expect(code).toBe(0);
    expect(stdout).not.toContain("cluster");
    expect(stderr).toContain("OTHER is not set");
  });

  it("is given values by a mapping test alone", async () => {
    const cwd = await folderWith(mappingOf("allowedEnvironmentVariablesInJQ: [CLUSTER_NAME]"));
    await writeFile(
      join(cwd, "pods.test.yaml"),
      `environment: { CLUSTER_NAME: test }
tests:
  - name: the cluster is kept
    records: [{ name: a }]
    entities: [{ blueprint: pod, identifier: a-te, properties: { cluster: test } }]
`,
    );
    const { code, stdout } = await runInProcess(["test", "pods.test.yaml"], { CLUSTER_NAME: secret }, { cwd });
    expect([code, stdout]).toEqual([0, expect.any(String)]);
    // They are in the file: nothing that this process prints from here on is changed for them.
    expect(withoutHidden({ stage: "test" })).toEqual({ stage: "test" });
  });

  it("keeps the values out of explanations, reports, rejects and everything printed", async () => {
    const emulator = await startCatalog({ blueprints: [blueprint] });
    const cwd = await folderWith(
      mappingOf(
        "allowedEnvironmentVariablesInJQ: [CLUSTER_NAME]",
        "cluster: env.CLUSTER_NAME, zone: env.CLUSTER_NAME, age: '(.age | tonumber) + (env.CLUSTER_NAME | tonumber)'",
      ),
    );
    const env = { ...envOf(emulator), CLUSTER_NAME: secret };
    const args = ["pods.ndjson", "-m", "pods.yaml"];
    const reports = ["--report", "r.json", "--report", "r.html", "--report", "r.md", "--report", "r.xml"];
    const runs = [
      await runInProcess(["import", ...args, ...reports], env, { cwd }),
      await runInProcess(["import", ...args, "--output", "json"], env, { cwd }),
      await runInProcess(["explain", ...args, "--record", "1"], env, { cwd }),
      await runInProcess(["explain", ...args, "--record", "2", "--output", "json"], env, { cwd }),
      await runInProcess(["lint", "pods.yaml"], env, { cwd }),
    ];
    expect(runs[0]?.code).toBe(1);
    expect(runs[2]?.stdout).toContain("$CLUSTER_NAME");
    const files = readdirSync(cwd, { recursive: true, encoding: "utf8" })
      .map((file) => join(cwd, file))
      .filter((file) => statSync(file).isFile());
    expect(files.some((file) => file.endsWith("reasons.ndjson"))).toBe(true);
    const texts = [
      ...runs.flatMap(({ stdout, stderr }) => [stdout, stderr]),
      ...files.map((file) => readFileSync(file, "utf8")),
    ];
    // jq repeats the beginning of a value.
    expect(texts.filter((text) => text.includes(secret.slice(0, 8)))).toEqual([]);
  });
});
