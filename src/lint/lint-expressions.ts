import type { CompileFault } from "../map/jq-compile.js";
import { leavesOf, type Mapping, type Resource } from "../map/mapping.js";
import { plainOf } from "../map/plain.js";
import type { ReportFinding } from "./codes.js";
import { inWords } from "./lint-fit.js";
import { spreadOf, yieldOf } from "./yields.js";

/** Compiles an expression; undefined when it is right. */
export type Compile = (expression: string) => Promise<CompileFault | undefined>;

/**
 * Compiles every expression of a mapping and reports those that fail, bare words by name; then selectors and itemsToParse that can never give the right type.
 *
 * @returns the paths of the leaves that compile
 */
export async function lintExpressions(
  mapping: Mapping,
  compile: Compile,
  report: ReportFinding,
): Promise<ReadonlySet<string>> {
  const right = new Set<string>();
  const compiled = mapping.resources.map((resource) => {
    const leaves = [...leavesOf(resource)].filter(({ value }) => typeof value === "string");
    const faults = leaves.map(({ value }) =>
      plainOf(value as string) === undefined ? compile(value as string) : undefined,
    );
    return { resource, leaves, faults: Promise.all(faults) };
  });
  const known = await Promise.all(compiled.map(({ faults }) => faults));
  for (const [at, { resource, leaves }] of compiled.entries()) {
    for (const [index, { path, value }] of leaves.entries()) {
      const fault = known[at]?.[index];
      if (fault === undefined) right.add(path);
      reportLeaf(path, value as string, fault, report);
    }
    lintSelector(resource, right, report);
    lintItems(resource, right, report);
  }
  return right;
}

/** One or several words with nothing else: no path, no brackets, no operator but the hyphen. */
const bareWords = /^[\p{L}_][\p{L}\p{N}_ -]*$/u;
/** jq's constants, and functions that a correct mapping uses alone. */
const meant: ReadonlySet<string> = new Set(["true", "false", "null", "empty", "now", "not"]);

function reportLeaf(path: string, expression: string, fault: CompileFault | undefined, report: ReportFinding): void {
  const isBare = bareWords.test(expression);
  const quoted = `write '"${expression}"'`;
  if (fault === undefined) {
    const isFunction = isBare && !meant.has(expression) && !path.endsWith(".selector.query");
    if (isFunction && !expression.includes(" "))
      report(
        "bare_function",
        path,
        `\`${expression}\` is a jq function, and runs on the whole record`,
        `for the text itself ${quoted}; for the function write \`. | ${expression}\``,
      );
    return;
  }
  if (isBare) {
    report(
      "bare_word",
      path,
      `jq reads \`${expression}\` as the name of a function, and there is no such function`,
      `${quoted}; for a column or key write \`${pathTo(expression)}\``,
    );
    return;
  }
  const { position } = fault;
  const place = position === undefined ? "" : `, at line ${position.line}, column ${position.column} of the expression`;
  report(
    "jq_syntax",
    path,
    `${firstLine(fault.message)}${place}: ${excerpt(expression, position)}`,
    fixOf(expression, fault.message),
  );
}

/** A path to a key, quoted where it must be. */
export function pathTo(key: string): string {
  return /^[a-zA-Z_][a-zA-Z_0-9]*$/.test(key) ? `.${key}` : `.${JSON.stringify(key)}`;
}

function firstLine(message: string): string {
  return message.split("\n")[0] ?? "";
}

/** The line of the expression that is meant, with a mark before the character. */
function excerpt(expression: string, position: CompileFault["position"]): string {
  const line = expression.split("\n")[(position?.line ?? 1) - 1] ?? expression;
  const column = (position?.column ?? 1) - 1;
  if (position === undefined || column < 0 || column > line.length) return `\`${line}\``;
  return `\`${line.slice(0, column)}⟨here⟩${line.slice(column)}\``;
}

function fixOf(expression: string, message: string): string {
  const [, word = ""] = /^([\w]+)\/0 is not defined/.exec(message) ?? [];
  const [, key] =
    word === "" ? [] : (new RegExp(`\\.([A-Za-z_]\\w*(?:-\\w+)*-${word}(?:-\\w+)*)(?!\\w)`).exec(expression) ?? []);
  if (key !== undefined) return `a key with hyphens is quoted: \`.${JSON.stringify(key)}\``;
  if (/is not defined/.test(message)) return "write a function that jq 1.8 has, or text in double quotes";
  if (/unexpected end/i.test(message))
    return "complete the expression: the right side of an operator is missing, or the `end` of an `if`";
  return 'fix the expression there; keys with spaces or hyphens are quoted, as in `."Go-live"`';
}

function lintSelector({ index, selector }: Resource, right: ReadonlySet<string>, report: ReportFinding): void {
  const path = `resources.${index}.selector.query`;
  if (!right.has(path)) return;
  const constant = plainOf(selector);
  const value = constant !== undefined && "constant" in constant ? constant.constant : undefined;
  const type = value === null ? "object" : yieldOf(selector);
  if (typeof value === "boolean" || type === undefined || type === "boolean") return;
  const gives = value === undefined ? inWords(type) : JSON.stringify(value);
  report(
    "selector_not_boolean",
    path,
    `the selector gives ${gives}, so that every record is rejected`,
    'write a comparison, such as `.Lifecycle != "Retired"`',
  );
}

function lintItems({ index, itemsToParse }: Resource, right: ReadonlySet<string>, report: ReportFinding): void {
  const path = `resources.${index}.port.itemsToParse`;
  if (itemsToParse === undefined || !right.has(path)) return;
  const whole = spreadOf(itemsToParse);
  if (whole !== undefined) {
    report(
      "items_not_array",
      path,
      "gives the elements one by one, and only the first output counts",
      `write the array itself: \`${whole}\``,
    );
    return;
  }
  const type = yieldOf(itemsToParse);
  if (type === undefined || type === "array") return;
  report(
    "items_not_array",
    path,
    `gives ${inWords(type)}, but must give an array`,
    "write a path to an array, or `[…]`",
  );
}
