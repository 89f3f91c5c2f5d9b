import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PlanChange, PlanLine, PlanOp } from "../../src/plan/plan-file.js";
import { digestPlan } from "../../src/plan/show-plan.js";
import { formatPlanHtml, type PlanPage } from "../../src/report/forms/html-plan.js";
import { report } from "./reports.js";

const body = (identifier: string, properties: Readonly<Record<string, unknown>> = {}) => ({
  identifier,
  properties,
  relations: {},
});
const create = (name: string): PlanOp => ({
  op: "create",
  blueprint: "service",
  resource: 0,
  entity: body(name, { tier: "Tier 1" }),
});
const update = (name: string, ...changes: PlanChange[]): PlanOp => ({
  op: "update",
  blueprint: "service",
  resource: 0,
  entity: body(name),
  before: body(name),
  changes,
});
const gone = (name: string): PlanOp => ({ op: "delete", blueprint: "service", before: body(name, { tier: "Tier 4" }) });
const tier = (before: unknown, after: unknown): PlanChange => ({ path: "properties.tier", before, after });

async function* linesOf(ops: readonly PlanOp[], rejected = 0): AsyncGenerator<PlanLine> {
  yield* ops;
  const count = (op: PlanOp["op"]): number => ops.filter((one) => one.op === op).length;
  yield {
    line: "end",
    create: count("create"),
    update: count("update"),
    delete: count("delete"),
    unchanged: 7,
    rejected,
  };
}

async function page(ops: readonly PlanOp[], more: Partial<PlanPage> = {}): Promise<string> {
  const digest = await digestPlan(linesOf(ops));
  const made = report({ command: "plan", dryRun: true, target: "http://127.0.0.1:9/v1" });
  return formatPlanHtml({ report: made, digest, guards: { prunes: false, emptyingShare: 0.1 }, ...more });
}

describe("a plan's page", () => {
  it("shows what is created, what is updated with old and new side by side, and what is deleted", async () => {
    const html = await page([create("new"), update("old", tier("Tier 2", "Tier 1")), gone("lost")]);
    expect(html).toContain("Plan: 1 to create, 1 to update, 1 to delete, 7 unchanged.");
    expect(html).toMatch(
      /properties\.tier<\/td><td class="old"[^>]*><code>Tier 2<\/code><\/td><td class="new"[^>]*><code>Tier 1</,
    );
    // It is the names that are read through: what goes or comes shows its fields when it is opened.
    expect(html).toMatch(
      />lost<\/a>[\s\S]*<details><summary>1 field<\/summary>[\s\S]*<td class="old"[^>]*><code>Tier 4</,
    );
    expect(html.match(/<details>/g)).toHaveLength(2);
    expect(html).toContain("http://127.0.0.1:9/catalog/service/old");
    // What is not there yet has no page to lead to.
    expect(html).not.toContain("catalog/service/new");
  });

  it("counts which fields change, how often, and what is emptied", async () => {
    const html = await page([
      update("a", tier("Tier 2", "Tier 1")),
      update("b", tier("Tier 2", "Tier 1")),
      update("c", tier("Tier 3", null)),
    ]);
    expect(html).toMatch(/<code>Tier 2<\/code> → <code>Tier 1<\/code> <span class="quiet">× 2/);
    expect(html).toContain("1 emptied");
    expect(html).toContain("at most 10% of the entities");
  });

  it("reports what the guards of a prune judged, and why there is no plan", async () => {
    const judged = {
      deletions: [{ blueprint: "service", owned: 40, deletions: 3 }],
      limits: { count: 100, share: 0.1 },
    };
    expect(await page([gone("a")], { guards: { prunes: true, judged } })).toContain(
      "3 of 40 owned (7.5%); at most 100 and 10% are allowed",
    );
    const made = report({ command: "plan", dryRun: true, exitCode: 6 });
    const refused = formatPlanHtml({
      report: made,
      guards: { prunes: true },
      refusal: "nothing is deleted: <too much>",
    });
    expect(refused).toContain("No plan: refused by a guard.");
    expect(refused).toContain("nothing is deleted: &lt;too much&gt;");
  });

  it("says that nothing changes, and how to do what it shows", async () => {
    expect(await page([])).toContain("No changes: 7 entities are as the sources have them.");
    expect(await page([create("a")], { out: "tonight.plan" })).toContain("portload apply tonight.plan");
  });

  it("lets no value become markup", async () => {
    const tags = (html: string) => html.match(/<[^>]*>/g)?.map((tag) => tag.replace(/="[^"]*"/g, ""));
    const of = (text: string) =>
      page([update(`i${text}`, { path: `properties.x${text}`, before: text, after: `${text}!` }), gone(`g${text}`)]);
    const plain = tags(await of("plain"));
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 1, maxLength: 40 }), async (text) => {
        expect(tags(await of(text))).toEqual(plain);
      }),
      { numRuns: 50 },
    );
  });

  it("stays small however much changes", async () => {
    const many = Array.from({ length: 30_000 }, (_, index) => {
      const name = `e${index}`;
      const changes = Array.from({ length: 30 }, (__, at) => ({
        path: `properties.p${at}`,
        before: index,
        after: name,
      }));
      return index % 3 === 0 ? create(name) : index % 3 === 1 ? update(name, ...changes) : gone(name);
    });
    const html = await page(many);
    expect(html.length).toBeLessThan(1_500_000);
    expect(html).toContain("service: 10,000 to update");
    expect(html).toContain("and 9,900 more; portload plan --out writes them all");
  });
});
