import type { JqReply } from "./jq-thread.js";
import { tokenize } from "./tokens.js";

/** What a leaf gave for a record: its first output (null without one), or why it failed. */
export interface JqCell {
  readonly value: unknown;
  readonly error?: string;
  /** True when an integer beyond 2^53 in the value was kept as text. */
  readonly long?: true;
}

/** A record's cells, one for each leaf of the program. */
export type JqRow = readonly JqCell[];

/**
 * One leaf, alone in its brackets: `[value]` or `{e: error}`.
 *
 * `[first(…)]` gives the same as `{v: [limit(1; …)][0]}` and is half as fast again. Behind `?//` it would not do: what ends `first` is an
 * error for jq, and an error makes `?//` try its next pattern, so such a leaf runs to its end. Two line ends, so that a comment cannot
 * take the bracket away.
 */
function wrapLeaf(leaf: string): string {
  if (leaf.includes("?//"))
    return `((reduce (try ((${leaf}\n\n) | [.]) catch {e: .}) as $cell (null; . // $cell)) // [null])`;
  return `(try [first((${leaf}\n\n), null)] catch {e: .})`;
}

/** Environment variables by name, as expressions see them. */
export type Environment = Readonly<Record<string, string>>;

/** The program that runs all leaves on each record of one JSON array. */
export function programOf(leaves: readonly string[], environment?: Environment): string {
  const rows = `[${leaves.map(wrapLeaf).join(",\n")}]`;
  // Values travel as input, so that no message about the program can repeat them.
  return environment === undefined ? `.[] | ${rows}` : `.[0] as $ENV | .[1][] | def env: $ENV; ${rows}`;
}

/** The input of such a program. */
export function inputOf(records: readonly string[], environment?: Environment): string {
  const list = `[${records.join(",")}]`;
  return environment === undefined ? list : `[${JSON.stringify(environment)},${list}]`;
}

/** Reads a program's output: a line for each record. Undefined when there are not as many lines as records: something ended the engine. */
export function rowsOf(stdout: string, records: number): readonly JqRow[] | undefined {
  if (records === 0) return [];
  const lines = stdout.split("\n");
  if (stdout === "" || lines.length !== records) return undefined;
  if (!suspicious.test(stdout)) return lines.map((line) => (JSON.parse(line) as RawCell[]).map((cell) => cellOf(cell)));
  return lines.map((line) => {
    const kept = keepDigits(line);
    const cells = JSON.parse(kept) as RawCell[];
    if (kept === line) return cells.map((cell) => cellOf(cell));
    const lossy = JSON.parse(line) as RawCell[];
    return cells.map((cell, index) => {
      const read = cellOf(cell);
      return JSON.stringify(cell) === JSON.stringify(lossy[index]) ? read : { ...read, long: true };
    });
  });
}

type RawCell = [unknown] | { e: unknown };

function cellOf(cell: RawCell): JqCell {
  if (Array.isArray(cell)) return { value: cell[0] };
  return { value: null, error: typeof cell.e === "string" ? cell.e : JSON.stringify(cell.e) };
}

/** Cheap sign that a number may not fit a double: sixteen digits in a row, or a long exponent. */
const suspicious = /\d{16}|[eE]\+?\d{3}/u;

/** Puts integers beyond 2^53, and numbers beyond a double, in quotes. jq 1.8 keeps the digits of numbers that it does not calculate with. */
function keepDigits(json: string): string {
  return json.replaceAll(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/gu, (token) => {
    if (token.startsWith('"')) return token;
    const number = Number(token);
    const fits =
      Number.isInteger(number) && /^-?\d+$/u.test(token) ? Number.isSafeInteger(number) : Number.isFinite(number);
    return fits ? token : `"${token}"`;
  });
}

/** Why an expression does not compile, and where in it: line and column from 1. */
export interface CompileFault {
  readonly message: string;
  readonly position?: { readonly line: number; readonly column: number };
}

/** Most expressions, and characters of them, in one program that is compiled to see whether all are right. */
const most = { expressions: 100, characters: 50_000 };

/**
 * Compiles expressions, those that are asked for at once together: a program costs a millisecond, whatever is in it. Where one of them is wrong, each is compiled
 * alone.
 *
 * @param run - runs a program without input, so that nothing is evaluated
 */
export function compileBy(
  run: (program: string) => Promise<JqReply>,
): (expression: string) => Promise<CompileFault | undefined> {
  const known = new Map<string, Promise<CompileFault | undefined>>();
  let waiting: AskedProgram[] = [];

  function flush(): void {
    const asked = waiting;
    waiting = [];
    for (const group of groupsOf(asked)) void settle(group);
  }

  async function settle(group: readonly AskedProgram[]): Promise<void> {
    try {
      const areRight =
        group.length > 1 && isDone(await run(group.map(({ expression }) => wrapLeaf(expression)).join(",\n")));
      for (const { expression, done } of group) done(areRight ? undefined : alone(run, expression));
    } catch (error) {
      for (const { fail } of group) fail(error);
    }
  }

  return (expression) => {
    const before = known.get(expression);
    if (before !== undefined) return before;
    // What the tokens do not rule out, such as a bracket too many, could hide in another's brackets.
    const isWhole = !("fault" in tokenize(expression));
    const fault = isWhole
      ? new Promise<CompileFault | undefined>((done, fail) => {
          if (waiting.length === 0) setImmediate(flush);
          waiting.push({ expression, done, fail });
        })
      : alone(run, expression);
    known.set(expression, fault);
    return fault;
  };
}

interface AskedProgram {
  readonly expression: string;
  readonly done: (fault: Promise<CompileFault | undefined> | undefined) => void;
  readonly fail: (error: unknown) => void;
}

function* groupsOf(asked: readonly AskedProgram[]): Generator<readonly AskedProgram[]> {
  let group: AskedProgram[] = [];
  let characters = 0;
  for (const one of asked) {
    if (group.length === most.expressions || characters > most.characters) {
      yield group;
      [group, characters] = [[], 0];
    }
    group.push(one);
    characters += one.expression.length;
  }
  if (group.length > 0) yield group;
}

async function alone(
  run: (program: string) => Promise<JqReply>,
  expression: string,
): Promise<CompileFault | undefined> {
  // What compiles bare has its brackets in balance and cannot leave those it is put in. No input, so nothing runs. Asked at once, since waking the thread takes longest.
  for (const reply of await Promise.all([run(expression), run(wrapLeaf(expression))])) {
    if (isDone(reply)) continue;
    return reply.is === "done"
      ? faultOf(reply.stderr)
      : { message: "the expression is too large or too deep for the engine" };
  }
  return undefined;
}

function isDone(reply: JqReply): boolean {
  return reply.is === "done" && reply.exitCode === 0;
}

/** Reads the first of jq's compile errors. */
function faultOf(stderr: string): CompileFault {
  const match =
    /jq: error: (?<message>.*?)(?: \(while parsing .*\))? at <top-level>, line (?<line>\d+), column (?<column>\d+)/su.exec(
      stderr,
    );
  const groups = match?.groups;
  if (groups === undefined)
    return { message: stderr.split("\n")[0]?.replace(/^jq: error: /u, "") ?? "it does not compile" };
  return {
    message: groups.message ?? "",
    position: { line: Number(groups.line), column: Number(groups.column) },
  };
}
