import { describe, expect, it } from "vitest";
import { UsageError } from "../../src/errors.js";
import { parseOptions } from "../../src/options/option.js";
import { importOptions, resumeOptions, runOptions } from "../../src/options/run.js";

const given = { sources: ["a.csv"], mapping: "a.yaml" };

describe("options", () => {
  it("are read as the program works with them, with their defaults", () => {
    expect(parseOptions(importOptions, { ...given, timeout: "5s", quotaShare: "50%", maxErrors: "5%" })).toEqual({
      ...given,
      ignore: [],
      only: [],
      rate: "auto",
      quotaShare: 0.5,
      timeout: 5000,
      requestTimeout: 900_000,
      maxErrors: { share: 0.05 },
      allowEmptying: false,
      concurrency: "auto",
      keepBefore: false,
      report: [],
      keep: 30,
      updateOnly: false,
      dryRun: false,
    });
  });

  it("that were read pass unread, also after a journal has kept them", () => {
    const once = parseOptions(runOptions, given);
    expect(parseOptions(runOptions, once)).toBe(once);
    expect(parseOptions(runOptions, JSON.parse(JSON.stringify(once)) as object)).toEqual(once);
  });

  it("of a resume have no default: what is not given stays as it was", () => {
    expect(parseOptions(resumeOptions, { keep: 5 })).toEqual({ keep: 5, acceptChanges: false });
  });

  it("are refused all at once, each by its name as the caller knows it", () => {
    const wrong = { sources: [], limit: -1, timeout: "3", modee: "merge" };
    const read = (nameOf?: (name: string) => string) => () =>
      parseOptions(importOptions, wrong, nameOf === undefined ? {} : { nameOf });
    expect(read()).toThrow(UsageError);
    expect(read()).toThrow(
      [
        "there is no option modee; did you mean mode?",
        "sources must be given at least once",
        "mapping is missing",
        "limit must be a whole number from 0",
        "timeout must be a duration, such as 30s",
      ].join("\n"),
    );
    expect(read((name) => `--${name}`)).toThrow("--timeout must be a duration, such as 30s");
  });
});
