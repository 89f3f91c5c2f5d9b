import { type Token, tokenize } from "./tokens.js";

/**
 * The keys of the record that an expression can read, so that only those need be passed to jq; undefined where it may see the whole record.
 *
 * Never too few: it follows where `.` still is the record (up to the first `|` of a bracket) and gives up at every word there that
 * is not a literal or an operator. One too many does no harm.
 */
export function keysRead(expression: string): ReadonlySet<string> | undefined {
  const cut = tokenize(expression);
  if ("fault" in cut) return undefined;
  const { tokens } = cut;
  const keys = new Set<string>();
  /** Open brackets and `if`s, each with whether `.` was the record where it opened. */
  const opened: { text: string; atRecord: boolean }[] = [{ text: "", atRecord: true }];
  let atRecord = true;
  for (const [index, token] of tokens.entries()) {
    const top = opened.at(-1);
    const inObject = top?.text === "{";
    if (inObject && token.is !== "open" && isKeyPlace(tokens[index - 1])) {
      // `{a}` and `{"a"}` read the key, `{a: …}` does not.
      if (token.is === "close") opened.pop();
      else if (token.is !== "word" && token.is !== "text" && token.is !== "piece") return undefined;
      else if (token.is !== "piece" && !add(keys, token)) return undefined;
    } else if (token.is === "open" || isWord(token, ["if"])) {
      opened.push({ text: token.text, atRecord });
    } else if (token.is === "close" || isWord(token, ["end"])) {
      atRecord = opened.pop()?.atRecord ?? false;
    } else if (token.is === "sign" && token.text === "|") {
      atRecord = false;
    } else if (isWord(token, ["then", "elif", "else"]) || (inObject && token.is === "sign" && token.text === ",")) {
      atRecord = top?.atRecord ?? false;
    } else if (token.is === "variable" || isWord(token, binders)) {
      return undefined;
    } else if (atRecord && !noteRead(tokens, index, keys)) {
      return undefined;
    }
  }
  return keys;
}

/** The keys of the record that any of some expressions can read; undefined where one may see the whole record. */
export function keysReadBy(expressions: Iterable<string>): ReadonlySet<string> | undefined {
  const keys = new Set<string>();
  for (const expression of expressions) {
    const read = keysRead(expression);
    if (read === undefined) return undefined;
    for (const key of read) keys.add(key);
  }
  return keys;
}

/** Words after which `.` or a name may mean something that this scan does not follow. */
const binders: readonly string[] = ["as", "def", "reduce", "foreach", "label", "try", "catch", "import", "include"];
const harmless: ReadonlySet<string> = new Set(["true", "false", "null", "and", "or", "empty"]);
/** These give the whole record, or the record with a change. */
const whole: ReadonlySet<string> = new Set(["=", "|=", "+=", "-=", "*=", "/=", "%=", "//=", ".."]);

/** Notes what a token reads of the record; false where that cannot be known. */
function noteRead(tokens: readonly Token[], index: number, keys: Set<string>): boolean {
  const token = tokens[index] as Token;
  if (token.is === "field" || token.is === "text") return add(keys, token);
  if (token.is === "word") return harmless.has(token.text);
  if (token.is === "sign") return token.text === "." ? isKeyed(tokens, index) : !whole.has(token.text);
  return token.is !== "format";
}

/** True for the dot of `."a"`, `.["a"]`, and of `.[…]` after another step; false for the whole record. */
function isKeyed(tokens: readonly Token[], index: number): boolean {
  const [before, after, inner, close] = [tokens[index - 1], tokens[index + 1], tokens[index + 2], tokens[index + 3]];
  if (after?.is === "text") return true;
  if (after?.is !== "open" || after.text !== "[") return false;
  return (inner?.is === "text" && close?.text === "]") || before?.is === "field" || before?.text === "]";
}

function add(keys: Set<string>, token: Token): boolean {
  try {
    keys.add(token.is === "text" ? String(JSON.parse(`"${token.text}"`)) : token.text);
    return true;
  } catch {
    return false;
  }
}

function isWord(token: Token, texts: readonly string[]): boolean {
  return token.is === "word" && texts.includes(token.text);
}

function isKeyPlace(before: Token | undefined): boolean {
  return (before?.is === "open" && before.text === "{") || (before?.is === "sign" && before.text === ",");
}

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
    if (token.is === "variable" || isWord(token, binders)) return new Set();
    if (token.is === "open" || isWord(token, ["if"])) {
      opened.push({ text: token.text, atRecord });
      if (isCall(tokens, index)) atRecord = false;
    } else if (token.is === "close" || isWord(token, ["end"])) {
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

/** True for a token after which a path continues. */
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
