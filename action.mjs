/**
 * The step "Run portload" of action.yml: builds the command line from the inputs, runs the program, and turns its report into outputs, step summary and annotations.
 * Ends with the program's exit code; 10 (a plan with changes) counts as success.
 */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { appendFileSync, closeSync, existsSync, mkdtempSync, openSync, readFileSync, readSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";

const { env } = process;
/** @param {string} name */
const input = (name) => (env[`INPUT_${name}`] ?? "").trim();
/** @param {string} name */
const lines = (name) =>
  input(name)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

const workspace = env.GITHUB_WORKSPACE ?? process.cwd();
const cwd = resolve(workspace, input("WORKING_DIRECTORY") || ".");
const folder = mkdtempSync(join(env.RUNNER_TEMP ?? tmpdir(), "portload-"));
const [report, summary] = [join(folder, "report.json"), join(folder, "summary.md")];
/** GitHub refuses a summary above 1 MiB. */
const summaryLimit = 1_000_000;

const command = input("COMMAND");
const args = commandLine();
const { code, stderr } = args === undefined ? { code: 64, stderr: "" } : await run(args);
if (args === undefined)
  error(`the input "command" must be sync, import, plan or lint, not "${command}"`, { title: "portload" });
else if (command !== "lint") tell(readReport());
output("exit-code", code);
process.exitCode = code === 10 ? 0 : code;

/** @returns {string[] | undefined} `undefined` for a command that this action has not. */
function commandLine() {
  if (command === "lint") return ["lint", ...lines("MAPPING"), "--output", "github", ...lines("ARGS")];
  if (!["sync", "import", "plan"].includes(command)) return undefined;
  return [
    command,
    ...lines("SOURCES"),
    ...["--mapping", input("MAPPING"), "--report", report, "--report", summary, "--progress", "plain", "--no-color"],
    ...(command === "plan" ? ["--detailed-exitcode"] : ["--state-dir", input("STATE_DIR") || ".portload"]),
    ...(input("PRUNE") === "true" ? ["--prune"] : []),
    ...lines("ARGS"),
  ];
}

/**
 * Runs the program with its output in the log of the job.
 * @param {readonly string[]} args
 * @returns {Promise<{ code: number, stderr: string }>} the end of stderr, at most 20,000 characters
 */
function run(args) {
  const given = {
    PORT_CLIENT_ID: input("CLIENT_ID"),
    PORT_CLIENT_SECRET: input("CLIENT_SECRET"),
    PORT_API_URL: input("API_URL"),
  };
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ""));
  // What a source's text says is no command to the runner; lint's output is made of such commands.
  const quiet = command === "lint" ? undefined : randomUUID();
  if (quiet !== undefined) console.log(`::stop-commands::${quiet}`);
  const child = spawn(process.execPath, [join(import.meta.dirname, "dist/cli/main.js"), ...args], {
    cwd,
    env: { ...env, ...set },
    stdio: ["ignore", "inherit", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (/** @type {string} */ text) => {
    process.stderr.write(text);
    stderr = (stderr + text).slice(-20_000);
  });
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.on(signal, () => child.kill(signal));
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("close", (code) => {
      if (quiet !== undefined) console.log(`::${quiet}::`);
      done({ code: code ?? 4, stderr });
    });
  });
}

/** @typedef {{ source: string, position: number, line?: number }} Place */
/** @typedef {{ code: string, message: string, path?: string, value?: string, identifier?: string } & Place} Reject */
/**
 * @typedef {object} Report
 * @property {string} importId
 * @property {{ rejected: number }} records
 * @property {Record<"created" | "updated" | "unchanged" | "deleted" | "rejected", number>} entities
 * @property {(Omit<Reject, keyof Place> & { first: Place })[]} rejects groups, each with the place of its first
 */

/** @returns {Report | undefined} `undefined` where the run ended before there was one. */
function readReport() {
  return existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : undefined;
}

/**
 * Writes outputs, annotations and the summary.
 * @param {Report | undefined} made
 */
function tell(made) {
  if (made === undefined || !existsSync(summary)) {
    // The program's own error, without what it said of the sources before.
    const said = stderr.slice(Math.max(0, stderr.search(/^portload: /m))).trim() || `ended with exit code ${code}`;
    error(said.split("\n")[0] ?? said, { title: "portload" });
    return summarise(`## portload ${command}: exit code ${code}\n\n${fenced(said)}\n`);
  }
  const { created, updated, unchanged, deleted } = made.entities;
  const counts = { created, updated, unchanged, deleted, rejected: made.records.rejected + made.entities.rejected };
  for (const [name, count] of Object.entries(counts)) output(name, count);
  output("import-id", made.importId);
  output("report", report);
  if (command === "plan") output("changes", String(code === 10));
  for (const reject of annotated(made)) {
    const value = reject.value === undefined ? "" : `, value ${reject.value}`;
    const where = [reject.identifier, reject.path].filter((part) => part !== undefined).join(" ");
    error(`${where === "" ? "" : `${where}: `}${reject.message}${value}`, {
      file: relative(workspace, resolve(cwd, reject.source)),
      ...(reject.line !== undefined && { line: String(reject.line) }),
      title: `portload ${reject.code}`,
    });
  }
  const text = readFileSync(summary, "utf8");
  const isWhole = Buffer.byteLength(text) <= summaryLimit;
  summarise(isWhole ? text : `${text.slice(0, summaryLimit / 4)}\n\nCut here; the whole report is in ${report}.\n`);
  // A guard's refusal and an early stop are said on stderr alone.
  if (code > 1 && code !== 10) summarise(`\n${fenced(stderr.trim().split("\n").slice(-40).join("\n"))}\n`);
}

/**
 * As many rejects as are to be shown: the first of each cause, then others in order.
 * @param {Report} made
 * @returns {readonly Reject[]}
 */
function annotated({ importId, rejects }) {
  const reasons = join(cwd, input("STATE_DIR") || ".portload", importId, "reasons.ndjson");
  const first = rejects.map(({ first, ...group }) => ({ ...group, ...first }));
  /** @type {Reject[]} */
  const all = command !== "plan" && existsSync(reasons) ? firstLines(reasons).map((line) => JSON.parse(line)) : [];
  /** @param {Reject} reject */
  const key = ({ code, source, position, path }) => JSON.stringify([code, source, position, path]);
  return [...new Map([...first, ...all].map((reject) => [key(reject), reject])).values()].slice(
    0,
    Number(input("ANNOTATIONS") || 10),
  );
}

/**
 * The whole lines in the first 256 KiB of a file: there may be a million.
 * @param {string} path
 */
function firstLines(path) {
  const [file, bytes] = [openSync(path, "r"), Buffer.alloc(262_144)];
  const size = readSync(file, bytes);
  closeSync(file);
  return bytes.toString("utf8", 0, size).split("\n").slice(0, -1);
}

/** @param {string} name @param {string | number} value */
function output(name, value) {
  if (env.GITHUB_OUTPUT !== undefined) appendFileSync(env.GITHUB_OUTPUT, `${name}=${value}\n`);
}

/** @param {string} text */
function summarise(text) {
  if (env.GITHUB_STEP_SUMMARY !== undefined) appendFileSync(env.GITHUB_STEP_SUMMARY, text);
}

/** @param {string} text */
function fenced(text) {
  return `\`\`\`text\n${text.replaceAll("```", "'''")}\n\`\`\``;
}

/** @param {string} message @param {Readonly<Record<string, string>>} properties of the annotation: file, line, title */
function error(message, properties) {
  const data = (/** @type {string} */ text) =>
    text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
  const listed = Object.entries(properties).map(
    ([key, value]) => `${key}=${data(value).replaceAll(":", "%3A").replaceAll(",", "%2C")}`,
  );
  console.log(`::error ${listed.join(",")}::${data(message)}`);
}
