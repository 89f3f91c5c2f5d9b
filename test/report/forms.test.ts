import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { SaxesParser } from "saxes";
import { describe, expect, it, onTestFinished } from "vitest";
import { StateError, UsageError } from "../../src/errors.js";
import { formatHtml } from "../../src/report/forms/html.js";
import { formatMarkdown } from "../../src/report/forms/markdown.js";
import { formatJunit, formatPrometheus, formOf, reportForms, writeForms } from "../../src/report/forms.js";
import type { Report } from "../../src/report/report.js";
import { dirtyReport, entities, report } from "./reports.js";

/** Parses XML strictly and gives its elements as `name` or `name@attribute=value,…`. */
function parseXml(text: string): { name: string; attributes: Record<string, string> }[] {
  const elements: { name: string; attributes: Record<string, string> }[] = [];
  const parser = new SaxesParser();
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", ({ name, attributes }) => {
    elements.push({ name, attributes: attributes as Record<string, string> });
  });
  parser.write(text).close();
  return elements;
}

/** A report whose values are any text. */
function reportWith(text: string): Report {
  const [cause] = dirtyReport().rejects;
  const rejects =
    cause === undefined
      ? []
      : [{ ...cause, message: text, blueprint: text, path: text, first: { source: text, position: 1 } }];
  return {
    ...dirtyReport(),
    rejects,
    blueprints: { [text]: dirtyReport().entities },
    rejectFiles: [{ path: text, source: text, records: 1 }],
  };
}

const anyText = fc.string({
  unit: fc.oneof(
    fc.constantFrom("<", ">", "&", '"', "'", "\\", "|", "\n", "\r", "\u0000", "\ud800", "\uffff", "{", "}"),
    fc.string({ unit: "binary", maxLength: 2 }),
  ),
});

describe("the forms of a report", () => {
  it.each([
    ["report.json", ".json"],
    ["out/REPORT.MD", ".md"],
    ["a.b.html", ".html"],
    ["junit.xml", ".xml"],
    ["portload.prom", ".prom"],
  ] as const)("are found by the extension of %s", (path, extension) => {
    expect(formOf(path)).toBe(reportForms[extension]);
  });

  it.each(["report.txt", "report", ".json"])("are refused by the name of %s", (path) => {
    expect(() => formOf(path)).toThrow(UsageError);
  });

  it("write files whole, with the folders they need", async () => {
    const folder = await mkdtemp(join(tmpdir(), "portload-forms-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeForms(report(), [join(folder, "ci/junit.xml"), join(folder, "ci/report.json")]);
    expect((await readdir(join(folder, "ci"))).sort()).toEqual(["junit.xml", "report.json"]);
    expect(await readFile(join(folder, "ci/junit.xml"), "utf8")).toBe(formatJunit(report()));
  });

  it("report which file cannot be written", async () => {
    const folder = await mkdtemp(join(tmpdir(), "portload-forms-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, "file"), "");
    await expect(writeForms(report(), [join(folder, "file/a.md")])).rejects.toThrow(StateError);
  });
});

describe(".json", () => {
  it("is the report itself", () => {
    expect(JSON.parse(reportForms[".json"](dirtyReport()))).toEqual(dirtyReport());
  });
});

describe(".xml", () => {
  it("has a case for the ledger, for each blueprint, and a failed one for each cause", () => {
    const elements = parseXml(formatJunit(dirtyReport()));
    expect(elements.map(({ name, attributes }) => [name, attributes.name ?? attributes.type])).toEqual([
      ["testsuites", "portload import 20261122T033012417Z-7f3a"],
      ["testsuite", "portload import 20261122T033012417Z-7f3a"],
      ["testcase", "ledger"],
      ["testcase", 'blueprint a"b\\c'],
      ["testcase", 'check not_in_enum a"b\\c properties.tier'],
      ["failure", "not_in_enum"],
      ["testcase", "read bad_json"],
      ["failure", "bad_json"],
    ]);
    expect(elements[1]?.attributes).toMatchObject({
      tests: "4",
      failures: "2",
      time: "3.4",
      timestamp: "2026-11-22T03:30:12",
    });
  });

  it("keeps every text that XML can hold, and stays well formed with every other", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const failure = parseXml(formatJunit(reportWith(text))).find(({ name }) => name === "failure");
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what XML cannot hold
        const held = text.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff\p{Surrogate}]/gu, "\ufffd");
        expect(failure?.attributes.message).toBe(`1,212 failed: ${held}`);
      }),
    );
  });

  it("fails a case of its own where the import stopped, or the ledger does not balance", () => {
    const failures = (changes: Partial<Report>) =>
      parseXml(formatJunit(report(changes))).flatMap(({ name, attributes }) =>
        name === "failure" ? [attributes.type] : [],
      );
    expect(failures({})).toEqual([]);
    expect(failures({ exitCode: 4 })).toEqual(["stopped"]);
    expect(failures({ exitCode: 5, balanced: false })).toEqual(["ledger"]);
  });
});

describe(".html", () => {
  const hashes = (html: string, tag: "style" | "script") =>
    [...html.matchAll(new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`, "g"))].map(
      ([, text = ""]) => `sha256-${createHash("sha256").update(text).digest("base64")}`,
    );

  it("lets no value become markup", () => {
    // An escaped value is text: what is markup is the same whatever the value, except for lengths of labels.
    const tags = (html: string) => html.match(/<[^>]*>/g)?.map((tag) => tag.replace(/="[^"]*"/g, ""));
    fc.assert(
      fc.property(anyText, (text) => {
        expect(tags(formatHtml(reportWith(text)))).toEqual(tags(formatHtml(reportWith("plain"))));
      }),
    );
    const html = formatHtml(dirtyReport());
    expect(html).toContain("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;");
    expect(html.match(/<script/g)).toHaveLength(1);
  });

  it("loads nothing, and allows its own style and script alone by their hashes", () => {
    const html = formatHtml(dirtyReport(), "out/report.html");
    const [, policy = ""] = /Content-Security-Policy" content="([^"]*)"/.exec(html) ?? [];
    expect(policy).toContain("default-src &#39;none&#39;");
    for (const hash of [...hashes(html, "style"), ...hashes(html, "script")]) expect(policy).toContain(hash);
    expect(policy).not.toContain("unsafe-inline");
    expect(html).not.toMatch(/ (?:style|on\w+)="| src=|@import|url\(/);
    expect([...html.matchAll(/href="([^"]*)"/g)].map(([, href]) => href)).toEqual([
      "#content",
      "../state/rejects/in%20%26%20out.csv",
      "../state/rejects/in%20%26%20out.csv",
    ]);
  });

  it("has no script where there is nothing to filter", () => {
    expect(formatHtml(report())).not.toContain("<script");
  });

  it("says in a sentence how the import ended", () => {
    const verdict = (changes: Partial<Report>) => /<h1[^>]*>([^<]*)</.exec(formatHtml(report(changes)))?.[1];
    expect(verdict({})).toBe(
      "Finished: 1,199 entities are in the catalog as the sources have them, and 1,210 records are accounted for.",
    );
    expect(verdict({ exitCode: 2, entities: entities({ mapped: 9, rejected: 5, notAttempted: 4 }) })).toBe(
      "Stopped by the error budget with 5 entities failed: 0 entities are in the catalog as the sources have them; 4 entities not attempted.",
    );
    expect(verdict({ dryRun: true, entities: entities({ mapped: 1, created: 1 }) })).toBe(
      "Finished: 1 entity would be in the catalog as the sources have it, and 1,210 records are accounted for.",
    );
  });

  it("draws ribbons as wide as the ledger says", () => {
    const counts = entities({ mapped: 100, created: 75, rejected: 25 });
    const html = formatHtml(report({ entities: counts, blueprints: { service: counts } }));
    const [, tall = "", , small = ""] =
      /class="node created"[^>]* height="([\d.]+)"[\s\S]*?(class="node rejected")[^>]* height="([\d.]+)"/.exec(html) ??
      [];
    expect(Number(tall) / Number(small)).toBeCloseTo(3, 1);
  });

  it("shows up to five samples of a cause with place and value, and faults that hide behind others", () => {
    const [cause] = dirtyReport().rejects;
    if (cause === undefined) throw new Error("the report has causes");
    const samples = [1, 2, 3, 4, 5].map((position) => ({
      source: "a.csv",
      position,
      line: position + 1,
      value: `v${position}`,
    }));
    const html = formatHtml({
      ...dirtyReport(),
      rejects: [{ ...cause, samples }],
      faults: [{ code: "bad_format", path: "properties.url", count: 7 }],
    });
    for (const { value, line } of samples) {
      expect(html).toContain(`<code>${value}</code>`);
      expect(html).toContain(`a.csv:${line}`);
    }
    expect(html).toContain("7 × <code>bad_format</code>");
  });

  it("stays small with a million rejects in thousands of causes", () => {
    const [cause] = dirtyReport().rejects;
    if (cause === undefined) throw new Error("the report has causes");
    const rejects = Array.from({ length: 1000 }, (_, index) => ({
      ...cause,
      path: `properties.p${index}`,
      count: 1000,
    }));
    const html = formatHtml({ ...dirtyReport(), rejects });
    expect(html.length).toBeLessThan(400_000);
    expect(html).toContain("and 800 causes more in report.json");
  });

  it("leads from a sample to its line in the rejects file, and to the entity where people look at it", () => {
    const [cause] = dirtyReport().rejects;
    if (cause === undefined) throw new Error("the report has causes");
    const sample = { source: "in & out.csv", position: 1, line: 2, identifier: "a/b", rejectsLine: 7 };
    const of = (target: string) =>
      formatHtml(
        { ...dirtyReport(), target, rejects: [{ ...cause, blueprint: "service", samples: [sample] }] },
        "r.html",
      );
    const html = of("http://127.0.0.1:4911/v1");
    expect(html).toContain(
      '<a href="state/rejects/in%20%26%20out.csv">line 7<span class="hidden"> of the rejects file</span></a>',
    );
    expect(html).toContain('href="http://127.0.0.1:4911/catalog/service/a%2Fb"');
    expect(of("https://api.us.port.io/v1")).toContain('href="https://app.us.port.io/serviceEntity?identifier=a%2Fb"');
    expect(of("https://gateway.example/v1")).not.toContain("a%2Fb");
  });

  it("names a few entities of each blueprint, but none that a dry run would make", () => {
    const facts = { target: "http://localhost:1/v1", examples: { service: { created: ["a", "b", "c"] } } };
    expect(formatHtml(report(facts)).match(/catalog\/service\/[abc]"/g)).toHaveLength(3);
    expect(formatHtml(report({ ...facts, dryRun: true }))).not.toContain("catalog/service/a");
  });

  it("draws the rate over time against the quota, with waits shaded and refusals marked", () => {
    const timeline = [0, 1, 2, 3].map((second) => ({
      second,
      requests: 10,
      entities: 200,
      refused: second === 2 ? 3 : 0,
      ...(second > 1 && { waitedMs: 500 }),
    }));
    const quota = { limit: 3600, periodMs: 300_000 };
    const html = formatHtml(report({ timeline, quota }));
    const [wide = "", narrow = ""] = [...html.matchAll(/<div class="(?:wide|narrow)"><svg.*?<\/svg>/gs)].map(
      ([chart]) => chart,
    );
    const waits = [...wide.matchAll(/class="wait" x="([\d.]+)" y="\d+" width="([\d.]+)"/g)].map(([, ...at]) =>
      at.map(Number),
    );
    // Half of a second of four, over a chart of 984: from the third second on.
    const second = (1100 - 2 * 58) / 4;
    expect(waits).toEqual([
      [58 + 2 * second, second / 2],
      [58 + 3 * second, second / 2],
    ]);
    for (const chart of [wide, narrow]) {
      expect(chart.match(/class="wait"/g)).toHaveLength(2);
      expect(chart.match(/class="refusal"/g)).toHaveLength(1);
      expect(chart.match(/<line class="quota"/g)).toHaveLength(1);
    }
    // On a narrow page nothing has to be scrolled to: it is drawn for the width that there is.
    expect(narrow).toContain('viewBox="0 0 360 ');
    // Each line across has its figure on both sides, and the line of requests ends below the uppermost.
    const figures = [...narrow.matchAll(/y="[\d.]+"(?: text-anchor="end")?>([\d,.]+)<\/text>/g)].map(([, one]) => one);
    expect(figures).toEqual(["0", "50", "100", "150", "200", "0", "5", "10", "15", "20"]);
    expect(html).toContain("3,600 bulk requests in 5 min 0 s, 12 per second; requests waited for it during 1 s");
    expect(formatHtml(report({ timeline, quota: { ...quota, limit: 35_000 } }))).not.toContain('<line class="quota"');
    expect(formatHtml(report({ timeline: timeline.slice(0, 2) }))).not.toContain("Rate over time");
  });

  it("breaks a command between its words, and shows what is between backticks as code", () => {
    const html = formatHtml(report({ commandLine: "portload import --yes <x>" }));
    expect(html).toContain('<span class="word">--yes</span> <span class="word">&lt;x&gt;</span>');
    const group = {
      stage: "check",
      code: "wrong_type",
      count: 1,
      first: { source: "a.csv", position: 1 },
      message: "is odd; write `.a | <b>` there",
    } as const;
    const page = formatHtml(report({ rejects: [group] }));
    expect(page).toContain("<code>.a | &lt;b&gt;</code>");
    expect(page).not.toContain("`.a");
  });
});

describe(".md", () => {
  it("keeps every row on one line with its cells apart", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const shape = (markdown: string) =>
          markdown.split("\n").map((line) => line.match(/(?<!\\)(?:\\\\)*\|/g)?.length ?? 0);
        expect(shape(formatMarkdown(reportWith(text)))).toEqual(shape(formatMarkdown(reportWith("plain"))));
      }),
    );
  });

  it("lets no value become markup", () => {
    expect(formatMarkdown(dirtyReport())).toContain(
      '| &lt;script&gt;alert("x")&lt;/script&gt; \\| \\`gold\\` &amp; co\\\\u000a',
    );
  });
});

describe(".prom", () => {
  const line =
    /^(?:# (?:HELP|TYPE) [a-z_]+ .+|[a-z_]+(?:\{[a-z_]+="(?:[^"\\\n]|\\[\\"n])*"(?:,[a-z_]+="(?:[^"\\\n]|\\[\\"n])*")*\})? -?\d+(?:\.\d+)?)$/u;

  it("holds to the line grammar with any value", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const lines = formatPrometheus(reportWith(text)).split("\n");
        expect(lines.pop()).toBe("");
        expect(lines.filter((each) => !line.test(each))).toEqual([]);
      }),
    );
  });

  it("gives each series once, under its type", () => {
    const text = formatPrometheus(dirtyReport());
    const series = text
      .split("\n")
      .filter((each) => each !== "" && !each.startsWith("#"))
      .map((each) => each.slice(0, each.lastIndexOf(" ")));
    expect(new Set(series).size).toBe(series.length);
    expect(text).toContain('# TYPE portload_records gauge\nportload_records{is="read"} 1010\n');
    expect(text).toContain('portload_entities{blueprint="a\\"b\\\\c",is="notAttempted"} 1\n');
    expect(text).toContain('portload_rejects{code="bad_json",stage="read",blueprint="",path=""} 1\n');
    expect(text).toContain("portload_started_timestamp_seconds 1795318212.417\n");
  });
});
