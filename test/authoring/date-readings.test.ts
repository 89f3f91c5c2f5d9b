import { describe, expect, it } from "vitest";
import { addReading, noReadings, provenFormat } from "../../src/authoring/date-readings.js";

const read = (...texts: readonly string[]) => texts.reduce(addReading, noReadings);

describe("readings of dates", () => {
  it("counts what proves either reading, and what proves none", () => {
    expect(
      read("03/04/2024", "31/12/2024", "12/31/2024", "2024-05-01", "2024-05-01T10:00:00Z", "soon", "31/31/2024"),
    ).toEqual({
      full: 1,
      isoDay: 1,
      dayFirst: 1,
      monthFirst: 1,
      either: 1,
      other: 2,
      separator: "/",
      yearDigits: 4,
    });
  });

  it.each([
    [["31.12.2024", "01.02.2024"], "dd.MM.yyyy"],
    [["12-31-24"], "MM-dd-yy"],
    [["01/02/2024"], undefined],
    [["31/12/2024", "12/31/2024"], undefined],
    [["2024-01-02"], undefined],
  ])("proves of %j the format %s", (texts, format) => {
    expect(provenFormat(read(...texts))).toBe(format);
  });
});
