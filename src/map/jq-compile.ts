import { wrapLeaf } from "./jq-program.js";
import type { JqReply } from "./jq-thread.js";
import { tokenize } from "./tokens.js";

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
  let waiting: Asked[] = [];

  function flush(): void {
    const asked = waiting;
    waiting = [];
    for (const group of groupsOf(asked)) void settle(group);
  }

  async function settle(group: readonly Asked[]): Promise<void> {
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
    // What the tokens do not vouch for, such as a bracket too many, could hide in another's brackets.
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

interface Asked {
  readonly expression: string;
  readonly done: (fault: Promise<CompileFault | undefined> | undefined) => void;
  readonly fail: (error: unknown) => void;
}

function* groupsOf(asked: readonly Asked[]): Generator<readonly Asked[]> {
  let group: Asked[] = [];
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
