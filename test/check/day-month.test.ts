import { describe, expect, it } from "vitest";
import { checkEntities } from "../../src/check/check.js";
import { dateFix, dayMonthOf } from "../../src/check/diagnostics.js";
import type { Warning } from "../../src/warning.js";
import { collect, iterate } from "../support/entities.js";
import { blueprint, candidate, chunkOf } from "./support.js";

const goLive = blueprint({ properties: { goLive: { type: "string", format: "date-time" } } });

/** What the stage says of dates, chunk by chunk, at its end. */
async function warningsOf(...chunks: string[][]): Promise<readonly Warning[]> {
  let position = 0;
  const given = chunks.map((texts) =>
    chunkOf(
      texts.map((text) => candidate({ properties: { goLive: text } }, { at: { source: 0, position: ++position } })),
    ),
  );
  const stage = checkEntities(new Map([["service", goLive]]), { mode: "merge" });
  return (await collect(stage(iterate(given)))).flatMap(({ warnings }) => warnings);
}

describe("dates whose day and month the mapping does not tell apart", () => {
  it.each([
    ["31/12/2024", "dayFirst"],
    ["12/31/2024", "monthFirst"],
    ["03/04/2024", "either"],
    ["3.4.24", "either"],
    ["13-12-2024 10:00", "dayFirst"],
    ["05/05/2024", "either"],
    ["31/31/2024", undefined],
    ["00/04/2024", undefined],
    ["31/12.2024", undefined],
    ["2024-03-04", undefined],
    ["1/2/20245", undefined],
    ["soon", undefined],
  ])("%s can be %s", (text, order) => {
    expect(dayMonthOf(text)).toBe(order);
  });

  it("are refused one by one, and counted at the end over all chunks with what they prove", async () => {
    const warnings = await warningsOf(
      ["03/04/2024", "31/12/2024"],
      ["2024-05-01T10:00:00Z", "04/05/2024", "25/12/2024"],
    );
    expect(warnings).toEqual([
      {
        code: "ambiguous_dates",
        message:
          "of these dates 2 can only have the day first (as 31/12/2024), 0 only the month, 2 either (as 03/04/2024): " +
          "write columns: { <column>: { date: d/M/yyyy, zone: <zone> } }",
        blueprint: "service",
        path: "properties.goLive",
        count: 4,
        first: { source: 0, position: 1 },
      },
    ]);
  });

  it.each([
    ["month first", ["12/31/24 10:00 PM"], /write columns: \{ <column>: \{ date: M\/d\/yy h:mm a, zone: <zone> \} \}$/],
    [
      "nothing",
      ["1.2.2024", "02.03.2024"],
      /0 can only .* 2 either .*: nothing proves either, .* d\.M\.yyyy, .* or M\.d\.yyyy$/,
    ],
    ["both, mixed", ["31/12/2024", "12/31/2024"], /both orders are mixed, so correct the source$/],
  ])("may prove %s", async (_title, texts, message) => {
    expect((await warningsOf(texts)).map(({ message: words }) => words)).toEqual([expect.stringMatching(message)]);
  });

  it("give no warning where every date is fine", async () => {
    expect(await warningsOf(["2024-05-01T10:00:00Z"])).toEqual([]);
  });
});

describe("the fix of a date without zone", () => {
  it.each([
    ["2024-05-01", "yyyy-MM-dd,"],
    ["2024-05-01T10:00:00", "yyyy-MM-dd'T'HH:mm:ss,"],
    ["2024-05-01 10:00:00.5", "yyyy-MM-dd HH:mm:ss.u,"],
    ["31.12.2024 10:00", "d.M.yyyy H:mm,"],
    ["03/04/2024", "d/M/yyyy,"],
  ])("%s names the format %s", (text, format) => {
    expect(dateFix(text)).toContain(`date: ${format}`);
  });

  it("is none for what is not a date", () => {
    expect(dateFix("soon")).toBe("");
  });
});
