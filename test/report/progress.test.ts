import fc from "fast-check";
import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { drawProgress } from "../../src/cli/progress-picture.js";
import { formatProgress, type Progress, progressFacts, waitingFor } from "../../src/report/progress.js";
import { makePaint } from "../../src/report/words.js";

const paint = makePaint(false);

const running: Progress = {
  read: 12_345,
  written: 11_800,
  done: 11_903,
  rejected: 3,
  recordsPerSecond: 830.4,
  entitiesPerSecond: 9.26,
  requestsPerSecond: 41,
  inFlight: 8,
  elapsedMs: 72_400,
  share: 0.529,
  leftMs: 66_001,
  step: { number: 2, of: 3, name: "service" },
  quotaShare: 0.623,
};

describe("progress in a plain line", () => {
  it("has every fact", () => {
    const waiting = { for: "quota", leftMs: 42_000 } as const;
    expect(formatProgress({ ...running, waiting })).toBe(
      "52 %; 1 min 12 s so far; about 1 min 10 s left; step 2 of 3: service; 12,345 records read, 830/s; 11,903 entities done, 9.3/s; " +
        "11,800 written; 3 failed; 8 requests in flight, 41/s; 62 % of the quota used; waiting for the quota: continues in 42 s",
    );
  });

  it("counts one as one", () => {
    expect(formatProgress({ ...running, read: 1, done: 1, inFlight: 1 })).toMatch(
      /; 1 record read, .*; 1 entity done, .*; 1 request in flight/,
    );
  });

  it("leaves out what is not known", () => {
    const { share: _, leftMs: __, step: ___, quotaShare: ____, ...rest } = running;
    expect(formatProgress(rest)).toBe(
      "1 min 12 s so far; 12,345 records read, 830/s; 11,903 entities done, 9.3/s; 11,800 written; 3 failed; 8 requests in flight, 41/s",
    );
  });

  it("says what happens before the first record", () => {
    const waiting = { for: "token", leftMs: 2000, why: "HTTP 503" } as const;
    expect(formatProgress({ elapsedMs: 4100, inFlight: 0, waiting })).toBe(
      "4 s so far; looking at blueprints and sources; waiting for the token: next attempt in 2 s after HTTP 503",
    );
  });

  it("is not 100 % before all is done", () => {
    expect(formatProgress({ ...running, share: 0.9999 })).toMatch(/^99 %;/);
    expect(formatProgress({ ...running, share: 1 })).toMatch(/^100 %;/);
  });
});

describe("a wait", () => {
  it.each([
    [{ for: "quota" }, "waiting for the quota"],
    [{ for: "quota", leftMs: 299_600 }, "waiting for the quota: continues in 5 min 0 s"],
    [{ for: "token" }, "waiting for the token"],
    [
      { for: "retry", leftMs: 300, requests: 1, why: "HTTP 503" },
      "waiting to send 1 request again after HTTP 503: next attempt in 1 s",
    ],
    [
      { for: "retry", leftMs: 4000, requests: 3, why: "ECONNRESET" },
      "waiting to send 3 requests again after ECONNRESET: next attempt in 4 s",
    ],
  ] as const)("%o reads as a sentence", (wait, text) => {
    expect(waitingFor(wait)).toBe(text);
  });
});

describe("the picture on a terminal", () => {
  it("is a bar, the facts, and what it waits for", () => {
    const waiting = { for: "retry", leftMs: 4000, requests: 3, why: "HTTP 503" } as const;
    expect(drawProgress({ ...running, waiting }, { width: 79, paint, isStopping: false })).toMatchInlineSnapshot(`
      "███████████████████████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  52 %
      1 min 12 s so far · about 1 min 10 s left · step 2 of 3: service
      12,345 records read, 830/s · 11,903 entities done, 9.3/s · 11,800 written
      3 failed · 8 requests in flight, 41/s · 62 % of the quota used
      waiting to send 3 requests again after HTTP 503: next attempt in 4 s"
    `);
  });

  it("fits 40 columns", () => {
    const waiting = { for: "quota", leftMs: 42_000 } as const;
    expect(drawProgress({ ...running, waiting }, { width: 39, paint, isStopping: false })).toMatchInlineSnapshot(`
      "█████████████████░░░░░░░░░░░░░░░░  52 %
      1 min 12 s so far
      about 1 min 10 s left
      step 2 of 3: service
      12,345 records read, 830/s
      11,903 entities done, 9.3/s
      11,800 written · 3 failed
      8 requests in flight, 41/s
      62 % of the quota used
      waiting for the quota: continues in 42
      s"
    `);
  });

  it("answers Ctrl-C in place of what it waits for", () => {
    const waiting = { for: "quota", leftMs: 42_000 } as const;
    const drawn = drawProgress({ ...running, waiting }, { width: 79, paint, isStopping: true });
    expect(drawn.split("\n").at(-1)).toBe("stopping: waits for 8 requests in flight; Ctrl-C again stops now");
  });

  it("shows what could steer a terminal in the name of a blueprint", () => {
    const step = { number: 1, of: 1, name: "a\u001b[2Jb" };
    expect(drawProgress({ ...running, step }, { width: 79, paint, isStopping: false })).toContain("a\\u001b[2Jb");
  });

  it("breaks no line within a word, at 40, 80 and 120 columns", () => {
    const number = fc.integer({ min: 0, max: 1e9 });
    const progress = fc.record<Progress>(
      {
        read: number,
        written: number,
        done: number,
        rejected: number,
        recordsPerSecond: fc.double({ min: 0, max: 1e5, noNaN: true }),
        entitiesPerSecond: fc.double({ min: 0, max: 1e5, noNaN: true }),
        requestsPerSecond: fc.double({ min: 0, max: 1e3, noNaN: true }),
        inFlight: fc.nat(256),
        elapsedMs: number,
        share: fc.double({ min: 0, max: 1, noNaN: true }),
        leftMs: number,
        step: fc.record({
          number: fc.nat(9),
          of: fc.nat(9),
          name: fc
            .array(fc.constantFrom("service", "Dienst", "サーバー", "a-blueprint-of-some-length"), {
              minLength: 1,
              maxLength: 4,
            })
            .map((words) => words.join(" ")),
        }),
        quotaShare: fc.double({ min: 0, max: 1, noNaN: true }),
        waiting: fc.record(
          {
            for: fc.constantFrom("quota", "retry", "token"),
            leftMs: number,
            requests: fc.nat(256),
            why: fc.constantFrom("HTTP 503", "UND_ERR_HEADERS_TIMEOUT"),
          },
          { requiredKeys: ["for"] },
        ),
      },
      {
        requiredKeys: [
          "read",
          "written",
          "done",
          "rejected",
          "recordsPerSecond",
          "entitiesPerSecond",
          "requestsPerSecond",
          "inFlight",
          "elapsedMs",
        ],
      },
    );
    const words = (text: string) => text.split(/[\s·]+/).filter((word) => word !== "" && !/[█░]/.test(word));
    fc.assert(
      fc.property(progress, fc.constantFrom(39, 79, 119), (given, width) => {
        const lines = drawProgress(given, { width, paint, isStopping: false }).split("\n");
        expect(Math.max(...lines.map((line) => stringWidth(line)))).toBeLessThanOrEqual(width);
        const facts = [...progressFacts(given), ...(given.waiting === undefined ? [] : [waitingFor(given.waiting)])];
        const [first = ""] = lines;
        const shown = lines.slice(given.share === undefined ? 0 : 1);
        expect(words(shown.join("\n"))).toEqual(words(facts.join(" ")));
        if (given.share !== undefined) expect(first).toMatch(/^█*░* +\d+ %$/);
      }),
    );
  });
});
