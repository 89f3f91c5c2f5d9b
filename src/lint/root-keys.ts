import { type Token, tokenize } from "../map/tokens.js";

/**
 * The keys of the record that an expression certainly reads.
 *
 * Never one too many: it follows where `.` still is the record, and leaves out whatever is behind a pipe, in a function's arguments, or in an
 * expression that binds names.
 */
export function rootKeys(expression: string): ReadonlySet<string> {
  const cut = tokenize(expression);
  if ("fault" in cut) return new Set();
  const { tokens } = cut;
  const keys = new Set<string>();
  const opened: { readonly text: string; readonly atRecord: boolean }[] = [];
  let atRecord = true;
  for (const [index, token] of tokens.entries()) {
    const top = opened.at(-1);
    if (token.is === "variable" || (token.is === "word" && binders.has(token.text))) return new Set();
    if (token.is === "open" || (token.is === "word" && token.text === "if")) {
      opened.push({ text: token.text, atRecord });
      if (isCall(tokens, index)) atRecord = false;
    } else if (token.is === "close" || (token.is === "word" && token.text === "end")) {
      atRecord = opened.pop()?.atRecord ?? false;
    } else if (token.is === "sign" && token.text === "|") {
      atRecord = false;
    } else if (token.is === "word" && branches.has(token.text)) {
      atRecord = top?.atRecord ?? false;
    } else if (token.is === "sign" && token.text === "," && top?.text === "{") {
      atRecord = top.atRecord;
    } else if (atRecord) {
      const key = keyAt(tokens, index);
      if (key !== undefined) keys.add(key);
    }
  }
  return keys;
}

const binders: ReadonlySet<string> = new Set(["as", "def", "reduce", "foreach", "label", "try", "catch"]);
const branches: ReadonlySet<string> = new Set(["then", "elif", "else"]);

/** True for the bracket of a function's arguments, where `.` may be another value; `select` sees its input. */
function isCall(tokens: readonly Token[], open: number): boolean {
  const before = tokens[open - 1];
  return (
    tokens[open]?.text === "(" &&
    before?.is === "word" &&
    !["select", "and", "or", "if", "then", "elif", "else"].includes(before.text)
  );
}

/** The key of a path that begins at a token: `.a`, `."a"`, `.["a"]`. */
function keyAt(tokens: readonly Token[], index: number): string | undefined {
  const token = tokens[index];
  if (continues(tokens[index - 1])) return undefined;
  if (token?.is === "field") return token.text;
  if (token?.is !== "sign" || token.text !== ".") return undefined;
  const [next, inner, close] = [tokens[index + 1], tokens[index + 2], tokens[index + 3]];
  if (next?.is === "text") return stringOf(next.text);
  if (next?.text === "[" && inner?.is === "text" && close?.text === "]") return stringOf(inner.text);
  return undefined;
}

/** True for a token behind which a path continues. */
function continues(before: Token | undefined): boolean {
  if (before === undefined) return false;
  if (before.is === "sign") return before.text === "." || before.text === "?";
  return ["field", "text", "piece", "close", "format", "number"].includes(before.is);
}

function stringOf(body: string): string | undefined {
  try {
    return String(JSON.parse(`"${body}"`));
  } catch {
    return undefined;
  }
}
