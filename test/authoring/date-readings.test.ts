import { describe, expect, it } from "vitest";
import { addReading, openReadings, orderBeside, provenDates, provenFormat } from "../../src/authoring/date-readings.js";

const read = (...texts: readonly string[]) => {
  const readings = openReadings();
  for (const text of texts) addReading(readings, text);
  return readings;
};

describe("readings of dates", () => {
  it("counts what proves either reading, and what proves none", () => {
    const { writings, ...counts } = read(
      "03/04/2024",
      "31/12/2024",
      "12/31/2024",
      "2024-05-01",
      "2024-05-01T10:00:00Z",
      "2024-05-01 10:00:00",
      "soon",
      "31/31/2024",
    );
    expect(counts).toEqual({ full: 1, isoDay: 1, clear: 1, dayFirst: 1, monthFirst: 1, either: 1, other: 2 });
    expect([...writings].map(([writing, { count }]) => [writing, count])).toEqual([
      ["1/2/yyyy", 3],
      ["yyyy-M-d", 1],
      ["yyyy-M-d H:mm:ss", 1],
    ]);
  });

  it.each([
    [["31.12.2024", "01.02.2024"], "dd.MM.yyyy"],
    // Nothing proves that a single digit would be padded, and one letter reads both.
    [["12-31-24"], "M-d-yy"],
    [["2/2/2024", "4/13/2024"], "M/d/yyyy"],
    [["05/13/2024 09:30"], "MM/dd/yyyy HH:mm"],
    [["5/13/2024 9:30 PM"], "M/d/yyyy h:mm a"],
    [["13.5.24, 09:30:15"], "d.M.yy, HH:mm:ss"],
    [["01/02/2024"], undefined],
    [["31/12/2024", "12/31/2024"], undefined],
    [["2024-01-02"], "yyyy-MM-dd"],
    [["2024-05-01 10:00:00"], "yyyy-MM-dd HH:mm:ss"],
    [["2024-05-01 10:00"], "yyyy-MM-dd HH:mm"],
    [["2024-05-01T10:00:00.123"], "yyyy-MM-dd'T'HH:mm:ss.u"],
    [["2024-05-01 10:00:00 UTC"], "yyyy-MM-dd HH:mm:ss' UTC'"],
    [["2024-05-01T10:00:00.000+0000"], "yyyy-MM-dd'T'HH:mm:ss.uZZZ"],
    [["2024/05/01"], "yyyy/MM/dd"],
    [["03 Apr 2025"], "dd MMM yyyy"],
    [["3-April-25"], "d-MMMM-yy"],
    [["Apr 13, 2025"], "MMM d, yyyy"],
    [["13 Foo 2025"], undefined],
    [["25:00"], undefined],
  ])("proves of %j the format %s", (texts, format) => {
    expect(provenFormat(read(...texts))).toBe(format);
  });

  it("reads the most frequent of several writings, and says how many are written so", () => {
    expect(provenDates(read("2024-05-01", "2024-05-02 10:00:00", "2024-05-03 11:00:00"))).toEqual({
      format: "yyyy-MM-dd HH:mm:ss",
      count: 2,
      hasOffset: false,
    });
    expect(provenDates(read("2024-05-01T10:00:00+0200"))?.hasOffset).toBe(true);
  });

  it("takes the order from days that another column has clearly", () => {
    const texts = new Set(["01/10/2026", "02/10/2026", "3/10/2026"]);
    const clear = (...days: readonly string[]) => new Set(days.map((day) => `${day} 08:15:00`));
    expect(orderBeside(texts, clear("2026-10-01", "2026-10-02", "2026-10-03"))).toBe("dayFirst");
    expect(orderBeside(texts, clear("2026-01-10", "2026-02-10", "2026-03-10"))).toBe("monthFirst");
    expect(orderBeside(texts, clear("2026-10-01", "2026-10-02"))).toBeUndefined();
    expect(orderBeside(new Set(["01/10/2026"]), clear("2026-10-01"))).toBeUndefined();
    const both = ["2026-10-01", "2026-10-02", "2026-10-03", "2026-01-10", "2026-02-10", "2026-03-10"];
    expect(orderBeside(texts, clear(...both))).toBeUndefined();
  });
});
