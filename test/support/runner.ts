import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { evaluate, expand, type Scope } from "./expressions.js";

/** A step of a workflow's job or of a composite action. */
export interface Step {
  readonly id?: string;
  readonly name?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly "working-directory"?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, unknown>>;
}

/** A repository's runner of GitHub Actions, as far as a workflow meets it. */
export interface RunnerOptions {
  /** The checked-out repository. */
  readonly workspace: string;
  /** Caches of earlier runs: a folder for each key, in the order they were saved. */
  readonly cache: Map<string, string>;
  readonly event: string;
  readonly runId: number;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly vars?: Readonly<Record<string, string>>;
  /** What `actions/checkout` of another repository brings, by the repository's name. */
  readonly repositories?: Readonly<Record<string, string>>;
  /** Variables of the machine beside PATH. */
  readonly machine?: Readonly<Record<string, string>>;
}

export interface Annotation {
  readonly file?: string;
  readonly line?: string;
  readonly title?: string;
  readonly message: string;
}

/** What a job left. */
export interface JobRun {
  readonly isSuccess: boolean;
  readonly log: string;
  readonly summary: string;
  readonly annotations: readonly Annotation[];
  /** Outputs by the step's id. */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Names of the steps that ran, in order. */
  readonly ran: readonly string[];
  /** Folders that `actions/upload-artifact` kept. */
  readonly artifacts: Readonly<Record<string, string>>;
}

/** Plays the steps of a job of a workflow, or of any list of steps, as GitHub's runner does. */
export async function playSteps(
  steps: readonly Step[],
  options: RunnerOptions,
  env: Readonly<Record<string, unknown>> = {},
): Promise<JobRun> {
  const { workspace } = options;
  const temp = join(workspace, "../runner-temp", String(options.runId));
  mkdirSync(temp, { recursive: true });
  const summary = join(temp, "summary");
  writeFileSync(summary, "");
  const ran: string[] = [];
  const artifacts: Record<string, string> = {};
  let [log, isSuccess, files] = ["", true, 0];

  const actions = publishedActions(options, temp, artifacts);
  const globals = {
    github: { event_name: options.event, run_id: options.runId, run_attempt: 1, workspace },
    runner: { temp },
    secrets: options.secrets ?? {},
    vars: options.vars ?? {},
  };

  const result = await playList(steps, { ...globals, env: expandAll(env, globals), inputs: {}, steps: {} }, workspace);
  return {
    isSuccess,
    log,
    summary: readFileSync(summary, "utf8"),
    annotations: annotationsIn(log),
    outputs: Object.fromEntries(Object.entries(result).map(([id, { outputs }]) => [id, outputs])),
    ran,
    artifacts,
  };

  async function playList(list: readonly Step[], scope: Scope, actionPath: string) {
    const done: Record<string, { outputs: Record<string, string> }> = {};
    for (const step of list) {
      const inner = { ...scope, steps: done };
      const wants = step.if === undefined ? isSuccess : isTrue(step.if, inner);
      if (!wants) continue;
      ran.push(step.name ?? step.uses ?? step.run ?? "");
      const outputs = await play(step, inner, actionPath);
      if (step.id !== undefined) done[step.id] = { outputs };
    }
    return done;
  }

  function isTrue(condition: string, scope: Scope): boolean {
    const text = condition.replaceAll(/^\s*\$\{\{|\}\}\s*$/g, "");
    const value = evaluate(text, { ...scope, status: { isSuccess } });
    // Without a word on the status a condition implies success().
    return /\b(always|failure|success|cancelled)\(/.test(text) ? value === true : isSuccess && value === true;
  }

  async function play(step: Step, scope: Scope, actionPath: string): Promise<Record<string, string>> {
    const stepEnv = { ...(scope.env as object), ...expandAll(step.env ?? {}, scope) };
    const inner: Scope = { ...scope, env: stepEnv };
    const given = expandAll(step.with ?? {}, inner);
    if (step.run !== undefined) return runScript(step, inner, actionPath);
    const uses = step.uses ?? "";
    if (uses.startsWith("./")) return playAction(resolve(workspace, uses), given, inner);
    const [action = ""] = uses.split("@");
    const known = actions[action];
    if (known === undefined) throw new Error(`the runner of the tests does not know ${uses}`);
    return known(given);
  }

  async function playAction(path: string, given: Readonly<Record<string, string>>, scope: Scope) {
    const action = parse(readFileSync(join(path, "action.yml"), "utf8")) as {
      inputs: Record<string, { default?: string; required?: boolean }>;
      outputs: Record<string, { value: string }>;
      runs: { using: string; steps: readonly Step[] };
    };
    const unknown = Object.keys(given).filter((name) => !(name in action.inputs));
    if (unknown.length > 0) throw new Error(`unexpected inputs: ${unknown.join(", ")}`);
    const inputs = Object.fromEntries(
      Object.entries(action.inputs).map(([name, { default: usual = "" }]) => [name, given[name] ?? usual]),
    );
    const github = { ...(scope.github as object), action_path: path };
    const done = await playList(action.runs.steps, { ...scope, inputs, github }, path);
    return expandAll(Object.fromEntries(Object.entries(action.outputs).map(([name, { value }]) => [name, value])), {
      ...scope,
      inputs,
      steps: done,
    });
  }

  async function runScript(step: Step, scope: Scope, actionPath: string): Promise<Record<string, string>> {
    const [script, outputs] = [join(temp, `step-${++files}.sh`), join(temp, `outputs-${files}`)];
    writeFileSync(script, expand(step.run ?? "", scope));
    writeFileSync(outputs, "");
    const { PATH = "", HOME = "/" } = process.env;
    const child = spawn("bash", ["--noprofile", "--norc", "-eo", "pipefail", script], {
      cwd: resolve(workspace, expand(step["working-directory"] ?? ".", scope)),
      env: {
        ...{ PATH, HOME, CI: "true", GITHUB_ACTIONS: "true", RUNNER_TEMP: temp, GITHUB_WORKSPACE: workspace },
        ...{ GITHUB_OUTPUT: outputs, GITHUB_STEP_SUMMARY: summary, GITHUB_ACTION_PATH: actionPath },
        ...options.machine,
        ...(scope.env as Record<string, string>),
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        log += text;
      });
    const code = await new Promise((done) => child.on("close", done));
    if (code !== 0) isSuccess = false;
    const pairs = readFileSync(outputs, "utf8")
      .split("\n")
      .filter((line) => line !== "");
    return Object.fromEntries(pairs.map((line) => [line.split("=")[0] ?? "", line.slice(line.indexOf("=") + 1)]));
  }
}

type Known = (given: Readonly<Record<string, string>>) => Record<string, string>;

/** The published actions that the workflows of this project use. */
function publishedActions(
  { workspace, cache, repositories }: RunnerOptions,
  temp: string,
  artifacts: Record<string, string>,
): Readonly<Record<string, Known>> {
  return {
    "actions/checkout": ({ repository, path }) => {
      if (repository === undefined) return {};
      const from = repositories?.[repository];
      if (from === undefined) throw new Error(`no repository ${repository}`);
      cpSync(from, join(workspace, path ?? "."), { recursive: true, verbatimSymlinks: true });
      return {};
    },
    "actions/setup-node": () => ({}),
    "actions/cache/restore": ({ path = "", key = "", "restore-keys": prefixes = "" }) => {
      const saved = [...cache.keys()].reverse();
      const hit =
        saved.find((each) => each === key) ??
        prefixes
          .split("\n")
          .filter((prefix) => prefix !== "")
          .map((prefix) => saved.find((each) => each.startsWith(prefix)))
          .find((found) => found !== undefined);
      if (hit === undefined) return {};
      cpSync(cache.get(hit) ?? "", resolve(workspace, path), { recursive: true });
      return { "cache-hit": String(hit === key) };
    },
    "actions/cache/save": ({ path = "", key = "" }) => {
      const folder = join(workspace, "../caches", String(cache.size));
      // A cache is never written twice, and one of nothing not at all.
      if (cache.has(key) || !existsSync(resolve(workspace, path))) return {};
      cpSync(resolve(workspace, path), folder, { recursive: true });
      cache.set(key, folder);
      return {};
    },
    "actions/upload-artifact": ({ name = "", path = "" }) => {
      const folder = join(temp, "artifacts", name);
      if (existsSync(resolve(workspace, path))) cpSync(resolve(workspace, path), folder, { recursive: true });
      artifacts[name] = folder;
      return {};
    },
  };
}

function expandAll(values: Readonly<Record<string, unknown>>, scope: Scope): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, expand(String(value), scope)]));
}

/** The annotations that a job's log asks for. */
function annotationsIn(log: string): readonly Annotation[] {
  const plain = (text: string): string =>
    text
      .replaceAll("%3A", ":")
      .replaceAll("%2C", ",")
      .replaceAll("%0D", "\r")
      .replaceAll("%0A", "\n")
      .replaceAll("%25", "%");
  let stopped: string | undefined;
  return log.split("\n").flatMap((line) => {
    if (stopped !== undefined) {
      if (line === `::${stopped}::`) stopped = undefined;
      return [];
    }
    const [, stop] = /^::stop-commands::(.+)$/.exec(line) ?? [];
    stopped = stop;
    const [, properties = "", message = ""] = /^::error ([^:]*)::(.*)$/.exec(line) ?? [];
    if (message === "") return [];
    const pairs = properties.split(",").map((pair) => pair.split("=") as [string, string]);
    return [{ ...Object.fromEntries(pairs.map(([key, value]) => [key, plain(value)])), message: plain(message) }];
  });
}
