import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { RawFields } from "../../src/entity.js";
import { startJq } from "../../src/map/jq.js";
import { compileMapping, mapRecords } from "../../src/map/map.js";
import { parseMapping } from "../../src/map/mapping-file.js";
import type { SourceRecord } from "../../src/record.js";

const engine = startJq();
afterAll(() => engine.close());

interface Sample {
  /** The integration whose form it has. */
  readonly like: string;
  /** Lines at the root. */
  readonly root?: string;
  readonly selector: string;
  /** Lines of `port` beside `entity`. */
  readonly port?: readonly string[];
  /** Lines of `mappings` after identifier and blueprint. */
  readonly fields: string;
  readonly identifier: string;
  readonly record: unknown;
  readonly entities: readonly Partial<RawFields>[];
  readonly ignored?: readonly string[];
}

const at = "resources.0.port.entity";
const samples: readonly Sample[] = [
  {
    like: "github: a path with dots of its own, teams as an array, a link to other kinds",
    root: "deleteDependentEntities: true\ncreateMissingRelatedEntities: true\nrepositoryType: private\norganizations: [acme]",
    selector: 'query: "true"\n      teams: true',
    identifier: ".full_name",
    fields: `title: .name\nteam: '[.owners[].login]'\nproperties:\n  readme: file://README.md\n  language: if .language then .language else "" end\n  url: .html_url\nrelations:\n  organization: .owner.login`,
    record: {
      full_name: "acme/web",
      name: "web",
      language: null,
      html_url: "https://x",
      owner: { login: "acme" },
      owners: [{ login: "a" }, { login: "b" }],
    },
    entities: [
      {
        identifier: "acme/web",
        title: "web",
        team: ["a", "b"],
        properties: { language: "", url: "https://x" },
        relations: { organization: "acme" },
      },
    ],
    ignored: ["organizations", "repositoryType", "resources.0.selector.teams", `${at}.mappings.properties.readme`],
  },
  {
    like: "gitlab: spaces taken out, a fallback",
    root: "visibility: { useMinAccessLevel: true }",
    selector: "query: 'true'\n      includedFiles: [README.md]",
    identifier: '.path_with_namespace | gsub(" "; "")',
    fields: `title: .name // .path\nproperties:\n  description: .description // ""`,
    record: { path_with_namespace: "a b/c", name: null, path: "c" },
    entities: [{ identifier: "ab/c", title: "c", properties: { description: "" }, relations: {} }],
    ignored: ["resources.0.selector.includedFiles", "visibility"],
  },
  {
    like: "jira: a slice of a link, keys of an array",
    selector: 'query: "true"\n      jql: "updated >= -1w"',
    identifier: ".key",
    fields: `title: .fields.summary\nproperties:\n  url: (.self | split("/") | .[:3] | join("/")) + "/browse/" + .key\n  components: .fields.components | map(.name)\nrelations:\n  subtasks: .fields.subtasks | map(.key)`,
    record: {
      key: "P-1",
      self: "https://x.net/rest/1",
      fields: { summary: "s", components: [{ name: "c" }], subtasks: [{ key: "P-2" }] },
    },
    entities: [
      {
        identifier: "P-1",
        title: "s",
        properties: { url: "https://x.net/browse/P-1", components: ["c"] },
        relations: { subtasks: ["P-2"] },
      },
    ],
    ignored: ["resources.0.selector.jql"],
  },
  {
    like: "datadog: several tags of a monitor, a search for the service",
    selector: 'query: "true"',
    identifier: ".id | tostring",
    fields: `properties:\n  tags: .tags\n  owner: .creator.email\nrelations:\n  service:\n    combinator: '"and"'\n    rules:\n      - property: '"name"'\n        operator: '"in"'\n        value: .tags | map(select(startswith("service:"))) | map(split(":")[1])`,
    record: { id: 12, tags: ["service:a", "env:b"], creator: { email: "e" } },
    entities: [
      {
        identifier: "12",
        properties: { tags: ["service:a", "env:b"], owner: "e" },
        relations: { service: { combinator: "and", rules: [{ property: "name", operator: "in", value: ["a"] }] } },
      },
    ],
  },
  {
    like: "pagerduty: an entity found by a search, an on-call in order",
    selector: 'query: "true"\n      apiQueryParams: { include: [users] }',
    identifier:
      "\n  combinator: '\"and\"'\n  rules:\n    - property: '\"pagerduty_id\"'\n      operator: '\"=\"'\n      value: .id",
    fields: `properties:\n  oncall: .__oncall | sort_by(.level) | .[0].email`,
    record: {
      id: "P1",
      __oncall: [
        { level: 2, email: "b" },
        { level: 1, email: "a" },
      ],
    },
    entities: [
      {
        identifier: { combinator: "and", rules: [{ property: "pagerduty_id", operator: "=", value: "P1" }] },
        properties: { oncall: "a" },
        relations: {},
      },
    ],
    ignored: ["resources.0.selector.apiQueryParams"],
  },
  {
    like: "sonarqube: one measure out of many, the tag of a project",
    selector: "query: 'true'\n      metrics: [coverage]\n      apiFilters: { qualifier: [TRK] }",
    identifier: ".key",
    fields: `properties:\n  coverage: .__measures[]? | select(.metric == "coverage") | .value\n  none: .__measures[]? | select(.metric == "bugs") | .value`,
    record: {
      key: "k",
      __measures: [
        { metric: "lines", value: "1" },
        { metric: "coverage", value: "80" },
      ],
    },
    entities: [{ identifier: "k", properties: { coverage: "80" }, relations: {} }],
    ignored: ["resources.0.selector.metrics", "resources.0.selector.apiFilters"],
  },
  {
    like: "argocd: images of an application, each beside it, without their array",
    selector: 'query: .item.name != "pause"',
    port: ["itemsToParse: .status.summary.images"],
    identifier: '.metadata.uid + "-" + .item.name',
    fields: `properties:\n  images: .status.summary.images\n  app: .metadata.name`,
    record: {
      metadata: { uid: "u", name: "app" },
      status: { summary: { images: [{ name: "web" }, { name: "pause" }] } },
    },
    entities: [{ identifier: "u-web", properties: { app: "app" }, relations: {} }],
  },
  {
    like: "snyk: items of an object's array, named, the record left whole",
    selector: 'query: "true"',
    port: ["itemsToParse: .issues // []", "itemsToParseName: issue", "itemsToParseTopLevelTransform: false"],
    identifier: '.id + "/" + .issue.id',
    fields: `properties:\n  of: .issues | length\n  high: .issue.severity == "high"`,
    record: {
      id: "p",
      issues: [
        { id: "1", severity: "high" },
        { id: "2", severity: "low" },
      ],
    },
    entities: [
      { identifier: "p/1", properties: { of: 2, high: true }, relations: {} },
      { identifier: "p/2", properties: { of: 2, high: false }, relations: {} },
    ],
  },
  {
    like: "azure-devops: keys with dots, an interpolation, dates",
    root: "useDefaultBranch: true\nspecPath: port.yml\nbranch: main",
    selector: "query: 'true'\n      wiql: \"[System.State] <> 'Closed'\"",
    identifier: '.__projectId + "/" + (.id | tostring) | gsub(" "; "")',
    fields: `properties:\n  type: .fields."System.WorkItemType"\n  effort: .fields."Scheduling.Effort" // -1\n  link: '"https://x/\\(.__projectId)/\\(.id)"'\n  changed: .changed / 1000 | todate`,
    record: { id: 7, __projectId: "p q", changed: 1_700_000_000_000, fields: { "System.WorkItemType": "Bug" } },
    entities: [
      {
        identifier: "pq/7",
        properties: { type: "Bug", effort: -1, link: "https://x/p q/7", changed: "2023-11-14T22:13:20Z" },
        relations: {},
      },
    ],
    ignored: ["useDefaultBranch", "specPath", "branch", "resources.0.selector.wiql"],
  },
  {
    like: "backstage: owners by prefix, single quotes",
    selector: "query: 'true'\n      filters: [kind=component]",
    identifier: "\"'component:' + .metadata.name\"",
    fields: `title: .metadata.title // .metadata.name\nproperties:\n  system: '"system:" + (.metadata.namespace // "default") + "/" + .spec.system'\nrelations:\n  owner: .relations[] | select(.type == "ownedBy" and (.targetRef | startswith("group:"))) | .targetRef`,
    record: {
      metadata: { name: "n" },
      spec: { system: "s" },
      relations: [
        { type: "ownedBy", targetRef: "user:u" },
        { type: "ownedBy", targetRef: "group:g" },
      ],
    },
    entities: [
      {
        identifier: "component:n",
        title: "n",
        properties: { system: "system:default/s" },
        relations: { owner: "group:g" },
      },
    ],
    ignored: ["resources.0.selector.filters"],
  },
  {
    like: "komodor: parts of an identifier",
    selector: `query: '( .uid | split("|") as $parts | (length == 4 and all($parts[]; length > 0)) )'`,
    identifier: '.uid | gsub("\\\\|"; "-") | sub("-+$"; "")',
    fields: `properties:\n  kind: .uid | split("|") | .[0]`,
    record: { uid: "x|yz" },
    entities: [{ identifier: "x-yz", properties: { kind: "x" }, relations: {} }],
  },
  {
    like: "github-copilot: relations beside the mappings, which Port does not see",
    selector: 'query: "true"',
    identifier: '(.login + "@" + .__org.slug + "@" + .day)',
    fields: `properties:\n  day: .day + "T00:00:00Z"\nBESIDE`,
    record: { login: "l", __org: { slug: "o" }, day: "2024-01-02" },
    entities: [{ identifier: "l@o@2024-01-02", properties: { day: "2024-01-02T00:00:00Z" }, relations: {} }],
    ignored: [`${at}.relations`],
  },
  {
    like: "the Kubernetes exporter: a list of one mapping, a look-up with a default",
    root: "deleteDependents: true\ncrdsToDiscover: 'true'\nupdateEntityOnlyOnDiff: true",
    selector: 'query: .metadata.namespace | startswith("kube") | not',
    identifier: '.metadata.name + "-" + .kind + "-" + "CLUSTER"',
    fields: `LIST\nproperties:\n  phase: '{"Active": "up", "Terminating": "down"}[.status.phase // ""]'`,
    record: { kind: "Namespace", metadata: { name: "web", namespace: "web" }, status: { phase: "Active" } },
    entities: [{ identifier: "web-Namespace-CLUSTER", properties: { phase: "up" }, relations: {} }],
    ignored: ["deleteDependents", "crdsToDiscover", "updateEntityOnlyOnDiff"],
  },
];

function textOf({ root = "", selector, port = [], identifier, fields }: Sample): string {
  const beside = fields.includes("BESIDE") ? ["relations:", "  team: .team"] : [];
  const list = fields.includes("LIST");
  const lines = `identifier: ${identifier}\nblueprint: '"b"'\n${fields.replace(/BESIDE|LIST\n/u, "")}`.split("\n");
  const mappings = lines.map((line, index) => `  ${list ? (index === 0 ? "- " : "  ") : ""}${line}`);
  const entity = ["entity:", ...["mappings:", ...mappings, ...beside].map((line) => `  ${line}`)];
  const below = [...port, ...entity].map((line) => `      ${line}`).join("\n");
  return `${root}\nresources:\n  - kind: k\n    selector:\n      ${selector}\n    port:\n${below}\n`;
}

describe("a mapping in the form of Port's own", () => {
  it.each(samples)("$like", async (sample) => {
    const mapping = parseMapping(textOf(sample), "m.yaml");
    expect(mapping.notes.map(({ code, path }) => [code, path]).sort()).toEqual(
      (sample.ignored ?? []).map((path) => ["ignored_key", path]).sort(),
    );
    const compiled = await compileMapping(mapping, engine);
    const record: SourceRecord = { at: { source: 0, position: 1 }, value: sample.record };
    const chunk = {
      items: [record],
      rejects: [],
      warnings: [],
      tally: { read: 1, mapped: 0, skipped: 0, rejected: 0 },
    };
    const found: RawFields[] = [];
    const more: unknown[] = [];
    for await (const { items, rejects, warnings } of mapRecords(compiled, "k")(one(chunk))) {
      found.push(...items.map(({ fields }) => fields));
      more.push(...rejects, ...warnings);
    }
    expect({ found, more }).toEqual({ found: sample.entities, more: [] });
  });

  const folder = process.env.PORTLOAD_OCEAN ?? "";
  it.skipIf(!existsSync(join(folder, "integrations")))(
    "the default mapping of every integration of a checkout of Ocean loads (PORTLOAD_OCEAN: its path)",
    async () => {
      const failed: string[] = [];
      let loaded = 0;
      for (const name of readdirSync(join(folder, "integrations"))) {
        const resources = join(folder, "integrations", name, ".port", "resources");
        if (!existsSync(resources)) continue;
        for (const file of readdirSync(resources).filter((entry) => entry.startsWith("port-app-config"))) {
          try {
            await compileMapping(parseMapping(readFileSync(join(resources, file), "utf8"), file), engine);
            loaded++;
          } catch (error) {
            failed.push(`${name}: ${String(error)}`);
          }
        }
      }
      // The template for integrations of one's own maps nothing.
      expect(failed).toEqual([expect.stringMatching(/^custom: .*resources/su)]);
      expect(loaded).toBeGreaterThan(40);
    },
  );
});

async function* one<T>(chunk: T): AsyncGenerator<T> {
  yield chunk;
}
