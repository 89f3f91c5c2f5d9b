import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runPlan } from "../../../src/recipes/plan.js";
import { envOf } from "../../support/catalog.js";
import { atScan, idsFrom, type Nights, startNights } from "../../support/nights.js";

/** Of the two hundred that a night makes of twenty, they would be a tenth. Where no prune has finished, the dates of the catalog may say it. */
const refusalOf18 =
  /app: 18 (?:of 20 \(90%\) would be deleted|would be deleted, among them 18 of the 20 \(90%\) that were there at)/;

async function expectRefused(nights: Nights, refusal: RegExp = refusalOf18) {
  const before = nights.owned();
  const { report, error } = await nights.run();
  expect(String(error)).toMatch(refusal);
  expect([report.exitCode, report.entities.deleted]).toEqual([6, 0]);
  expect(nights.owned()).toEqual(new Set([...before, ...nights.source]));
}

/** Twenty owned, whose prune has finished, and a night that would thin a deletion of eighteen out. */
async function grown(more: { readonly finished?: boolean } = {}): Promise<Nights> {
  const nights = await startNights(idsFrom(1, 20));
  if (more.finished !== false) expect((await nights.run()).report.exitCode).toBe(0);
  nights.source = idsFrom(19, 200);
  return nights;
}

describe("nights: the base of a prune's share is what was owned when the last prune finished", () => {
  it.each([true, false])(
    "after a night that was killed before its prune (an earlier one finished: %s)",
    async (finished) => {
      const nights = await grown({ finished });
      await nights.run({}, { at: atScan, done: true });
      expect(nights.owned().size).toBe(200);
      await expectRefused(nights);
      await expectRefused(nights);
    },
  );

  it.each([true, false])(
    "after a night that was refused for one reject (an earlier one finished: %s)",
    async (finished) => {
      const nights = await grown({ finished });
      nights.broken = "not valid!,1\n";
      expect(String((await nights.run()).error)).toMatch(/1 record or entity was rejected/);
      nights.broken = "";
      await expectRefused(nights);
    },
  );

  it.each([true, false])(
    "after a refused night, --keep 1, and comments and another layout in the mapping (an earlier one finished: %s)",
    async (finished) => {
      const nights = await grown({ finished });
      await expectRefused(nights);
      const kept = async () => (await readdir(nights.stateDir)).filter((name) => /^\d{8}T/.test(name)).length;
      await nights.run({ keep: 1 });
      expect(await kept()).toBe(1);
      nights.mapping = { head: "# a comment\n", where: '{ "value": inventory, "property": "origin" }' };
      await expectRefused(nights);
      nights.mapping = { head: "onNull: omit", where: "{ property: origin, value: 'inventory' }" };
      expect(String((await nights.run({ keep: 1 })).error)).toMatch(refusalOf18);
    },
  );

  it("after an edit by which the same entities are owned for another reason", async () => {
    const nights = await grown();
    await nights.run({}, { at: atScan, done: true });
    nights.mapping = { head: "", where: "{ property: crew, value: night }" };
    await expectRefused(nights);
  });

  it("with a fresh state folder each night, as far as the dates of the catalog say", async () => {
    const nights = await grown();
    nights.freshFolder();
    await nights.run({}, { at: atScan, done: true });
    nights.freshFolder();
    await expectRefused(nights, /app: 18 would be deleted, among them 18 of the 20 \(90%\) that were there at 2/);
  });

  it("as a plan says, too, which keeps nothing", async () => {
    const nights = await grown();
    await nights.run({}, { at: atScan, done: true });
    const folder = join(nights.stateDir, "..");
    const names = await readdir(nights.stateDir);
    const { discard, error } = await runPlan(
      {
        ...{ prune: true, sources: [join(folder, "apps.csv")], mapping: join(folder, "nightly.yaml") },
        stateDir: nights.stateDir,
      },
      { env: envOf(nights.gate) },
    );
    await discard();
    expect(String(error)).toMatch(refusalOf18);
    expect(await readdir(nights.stateDir)).toEqual(names);
  });

  it("and moves once a prune finishes", async () => {
    const nights = await grown();
    await expectRefused(nights);
    const approved = await nights.run({ maxDelete: ["90%"] });
    expect([approved.report.exitCode, approved.report.entities.deleted]).toEqual([0, 18]);
    nights.source = idsFrom(37, 200);
    const next = await nights.run();
    expect([next.report.exitCode, next.report.entities.deleted]).toEqual([0, 18]);
  });
});

describe("nights: the limits hold for all nights since the last prune that finished", () => {
  it.each([true, false])(
    "a night that was killed during its deletions counts (the last one was done: %s)",
    async (done) => {
      const nights = await startNights(idsFrom(1, 1000));
      expect((await nights.run()).report.exitCode).toBe(0);
      nights.source = idsFrom(151, 1000);
      let deletions = 0;
      const second = ({ path }: { readonly path: string }) => path.includes("/delete") && ++deletions === 2;
      await nights.run({ maxDelete: [150, "20%"] }, { at: second, done });
      const gone = done ? 150 : 100;
      expect(nights.owned().size).toBe(1000 - gone);
      nights.source = nights.source.slice(0, -10);
      const { error, report } = await nights.run({ maxDelete: [155, "20%"] });
      expect(report.exitCode).toBe(6);
      expect(String(error)).toContain(`app: 160 of 1000 (16%) would be deleted, ${gone} of them already`);
      expect((error as { hint?: string }).hint).toMatch(/--max-delete 160$/);
      expect((await nights.run({ maxDelete: [160, "20%"] })).report.exitCode).toBe(0);
      expect(nights.owned()).toEqual(new Set(nights.source));
      nights.source = nights.source.slice(80);
      expect((await nights.run()).report).toMatchObject({ exitCode: 0, entities: { deleted: 80 } });
    },
  );
});

describe("nights: ownership is looked at again in what was fetched", () => {
  it("leaves and reports what somebody else took over between the search and the deletion", async () => {
    const nights = await startNights(idsFrom(1, 100), ["other"]);
    await nights.run();
    nights.source = idsFrom(6, 100);
    nights.gate.onRequest = async (_method, path, body) => {
      if (path.endsWith("/search") && body.includes('"combinator":"or"')) await nights.takeOver("i3");
    };
    // The scan of the server is behind: it still finds what was taken over.
    nights.gate.staleScans = ["i3"];
    const { report, error } = await nights.run();
    expect(error).toBeUndefined();
    expect(report).toMatchObject({ exitCode: 0, entities: { deleted: 4 } });
    expect(report.warnings).toMatchObject([
      { code: "not_owned", blueprint: "app", count: 1, message: expect.stringContaining("i3") },
    ]);
    expect(nights.foreign()).toEqual(new Set(["i3", "other"]));
  });

  it("deletes nothing of others where the server ignores the query", async () => {
    const nights = await startNights(idsFrom(1, 200), idsFrom(901, 910));
    await nights.run();
    nights.gate.ignoresQueries = true;
    const { report } = await nights.run();
    expect(report.entities.deleted).toBe(0);
    expect(report.warnings).toMatchObject([{ code: "not_owned", count: 10 }]);
    expect(nights.foreign().size).toBe(10);
  });

  it("refuses to continue with a memory that is damaged", async () => {
    const nights = await startNights(idsFrom(1, 20));
    await nights.run();
    const name = (await readdir(nights.stateDir)).find((one) => one.startsWith("prune-")) ?? "";
    await writeFile(join(nights.stateDir, name), "{");
    const { report, error } = await nights.run();
    expect([report.exitCode, String(error)]).toEqual([3, expect.stringContaining(`${name} is damaged`)]);
  });
});
