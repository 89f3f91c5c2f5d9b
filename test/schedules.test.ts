import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { CronExpressionParser } from "cron-parser";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { kebab } from "../src/cli/command.js";
import { planOptions, syncOptions } from "../src/options/run.js";
import { root } from "./support/catalog.js";

const require = createRequire(import.meta.url);
const folder = join(root, "docs/schedules");
const textOf = (name: string): string => readFileSync(join(folder, name), "utf8");

/** True for a program that is installed here. */
const isInstalled = (program: string): boolean =>
  (process.env.PATH ?? "").split(delimiter).some((path) => {
    try {
      return readdirSync(path).includes(program);
    } catch {
      return false;
    }
  });

describe("the schedules in docs/schedules", () => {
  it("cron: a valid time, and the user before the command", () => {
    const lines = textOf("crontab").split("\n");
    const [entry = ""] = lines.filter((line) => /^[\d*]/.test(line));
    expect(CronExpressionParser.parse(entry.split(/\s+/).slice(0, 5).join(" ")).stringify()).toBe("15 2 * * *");
    expect(entry).toMatch(/^15 2 \* \* \*\s+portload\s+set -a; \. \/etc\/portload\/env;/);
    // In a crontab an unescaped percent sign ends the command.
    expect(entry).not.toContain("%");
  });

  it.skipIf(!isInstalled("systemd-analyze"))(
    "systemd: units that systemd-analyze accepts (skipped where it is not installed)",
    () => {
      const units = ["portload.service", "portload.timer"].map((name) => join(folder, name));
      expect(
        execFileSync("systemd-analyze", ["verify", ...units], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }),
      ).toBe("");
      expect(execFileSync("systemd-analyze", ["calendar", "*-*-* 02:15:00"], { encoding: "utf8" })).toMatch(
        /Normalized form/,
      );
    },
  );

  it("GitHub Actions: a workflow by the published schema", () => {
    const { validateWorkflow } = require("@action-validator/core") as {
      validateWorkflow(text: string): { readonly errors: readonly unknown[] };
    };
    expect(validateWorkflow(textOf("github-actions.yaml")).errors).toEqual([]);
    expect(validateWorkflow(textOf("github-actions.yaml").replace("runs-on", "run-on")).errors).not.toEqual([]);
  });

  it("GitLab CI: jobs with scripts, of stages that are declared", () => {
    const { stages, image, variables, ...jobs } = parse(textOf("gitlab-ci.yaml")) as Record<string, unknown> & {
      stages: string[];
    };
    expect(image).toBe("node:22");
    expect(variables).toEqual({ PORTLOAD_PACKAGE: expect.any(String) });
    for (const job of Object.values(jobs) as Record<string, unknown>[]) {
      expect(stages).toContain(job.stage);
      expect(job.script).toEqual([expect.any(String)]);
      expect(job.rules).toEqual([{ if: expect.stringMatching(/^\$CI_PIPELINE_SOURCE == "[a-z_]+"$/) }]);
    }
  });

  it("Kubernetes: a CronJob by the published schemas", () => {
    const { CronJob } = require("kubernetes-models/batch/v1/CronJob") as {
      CronJob: new (data: object) => { validate(): void };
    };
    const job = parse(textOf("kubernetes-cronjob.yaml")) as { spec: object };
    expect(() => new CronJob(job).validate()).not.toThrow();
    expect(() => new CronJob({ ...job, spec: { ...job.spec, schedule: 5 } }).validate()).toThrow(
      /schedule must be string/,
    );
  });

  it("call portload with flags that there are", () => {
    const known = new Set([
      ...Object.keys(syncOptions).map(kebab),
      ...Object.keys(planOptions).map(kebab),
      "progress",
      "quiet",
      "no-color",
    ]);
    const used = readdirSync(folder).flatMap((name) => {
      const [, ...calls] = textOf(name)
        .replaceAll(/^\s*#.*$/gm, "")
        .split(/portload (?=sync|plan)|args: \[(?=sync)/);
      return calls.flatMap((call) =>
        [...(call.split(/\n\s*-? ?(?:if|[a-zA-Z]+:)/)[0] ?? "").matchAll(/--([a-z-]+)/g)].map(([, flag]) => flag ?? ""),
      );
    });
    expect(used.length).toBeGreaterThan(15);
    expect(used.filter((flag) => !known.has(flag))).toEqual([]);
  });
});
