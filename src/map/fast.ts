import { type Fast, fastCalls, hasScan, regexOf, spread } from "./fast-calls.js";
import { isSign, literalOf, type PathStep, stepAt, stringOf } from "./plain.js";
import { type Token, tokenize } from "./tokens.js";

/**
 * Reads an expression of the part of jq that is evaluated here: paths, literals, `//`, `+`, interpolation, comparison, `and`, `or`, `not`, `if`,
 * arrays, `select`, `map`, and the functions of {@link fastCalls}; undefined for all else, which is jq's.
 *
 * @source jq 1.8.2, parser.y: precedence from `|` over `,`, `//`, `or`, `and`, comparison (which does not chain) to `+`
 */
export function fastOf(expression: string): Fast | undefined {
  if (expression.length > longest) return undefined;
  const cut = tokenize(expression);
  if ("fault" in cut || cut.tokens.length > mostTokens) return undefined;
  try {
    const reader = new TokenReader(cut.tokens);
    const [only, ...more] = reader.stream();
    return only === undefined || more.length > 0 || !reader.atEnd() || hasScan(only) ? undefined : only;
  } catch (error) {
    if (error === notFast) return undefined;
    throw error;
  }
}

/** Longer expressions are left to jq, so that no recursion here runs deep. */
const longest = 4000;
const mostTokens = 500;

const notFast = Symbol("not fast");

/** Reads tokens from left to right; throws {@link notFast} at the first that is jq's. */
class TokenReader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  atEnd(): boolean {
    return this.#at === this.#tokens.length;
  }

  /** A pipe of commas, as the expressions that give its outputs one after another. */
  stream(): Fast[] {
    const left = [this.#alternative()];
    while (this.#takeSign(",")) left.push(this.#alternative());
    if (!this.#takeSign("|")) return left;
    const right = this.stream();
    if (left.length * right.length > mostItems) throw notFast;
    return left.flatMap((first) => right.map((then): Fast => ({ is: "pipe", left: first, right: then })));
  }

  /** A pipe with one output. */
  #single(): Fast {
    const [only, ...more] = this.stream();
    if (only === undefined || more.length > 0) throw notFast;
    return only;
  }

  #alternative(): Fast {
    const left = this.#logical("or");
    return this.#takeSign("//") ? { is: "alternative", left, right: this.#alternative() } : left;
  }

  #logical(is: "or" | "and"): Fast {
    const part = (): Fast => (is === "or" ? this.#logical("and") : this.#comparison());
    let left = part();
    while (this.#takeWord(is)) left = { is, left, right: part() };
    return left;
  }

  #comparison(): Fast {
    const left = this.#sum();
    const sign = this.#tokens[this.#at];
    if (sign?.is !== "sign" || !comparisons.has(sign.text)) return left;
    this.#at++;
    return { is: "compare", by: sign.text, left, right: this.#sum() };
  }

  #sum(): Fast {
    let left = this.#term();
    while (this.#takeSign("+")) left = { is: "add", left, right: this.#term() };
    return left;
  }

  /** A term with the steps of a path after it. */
  #term(): Fast {
    const first = this.#tokens[this.#at];
    const dotted = first?.is === "field" || isSign(first, ".");
    const of = dotted ? undefined : this.#bare();
    const steps: PathStep[] = [];
    for (let found = stepAt(this.#tokens, this.#at); found !== undefined; found = stepAt(this.#tokens, this.#at)) {
      steps.push(found.step);
      this.#at = found.end;
    }
    // The dot alone is the input.
    if (dotted && steps.length === 0) this.#take((token) => isSign(token, "."));
    if (of === undefined) return { is: "path", steps };
    return steps.length === 0 ? of : { is: "path", of, steps };
  }

  #bare(): Fast {
    const token = this.#take(() => true);
    if (token.is === "open" && token.text === "(") {
      const inner = this.#single();
      this.#take(({ is }) => is === "close");
      return inner;
    }
    if (token.is === "open" && token.text === "[") return this.#list();
    if (token.is === "piece") return this.#text(token);
    if (token.is === "word" && token.text === "if") return this.#if();
    if (isSign(token, "-")) {
      const value = literalOf(this.#take(({ is }) => is === "number"))?.constant;
      // A zero with a sign is another text.
      if (typeof value !== "number" || value === 0) throw notFast;
      return { is: "literal", value: -value };
    }
    const literal = literalOf(token);
    if (literal !== undefined) return { is: "literal", value: literal.constant };
    if (token.is === "word") return this.#call(token.text);
    throw notFast;
  }

  #list(): Fast {
    if (this.#tokens[this.#at]?.text === "]") {
      this.#at++;
      return { is: "list", items: [] };
    }
    const items = this.stream().map((item) => spread(item) ?? refuse());
    this.#take(({ is }) => is === "close");
    return { is: "list", items };
  }

  #text(first: Token): Fast {
    const parts: (string | Fast)[] = [piece(first)];
    while (this.#tokens[this.#at]?.text === "\\(") {
      this.#at++;
      parts.push(this.#single());
      this.#take(({ is }) => is === "close");
      parts.push(piece(this.#take(({ is }) => is === "piece")));
    }
    return { is: "text", parts };
  }

  /** Behind `if` or `elif`. */
  #if(): Fast {
    const test = this.#single();
    this.#word("then");
    const then = this.#single();
    if (this.#takeWord("elif")) return { is: "if", test, then, else: this.#if() };
    const other = this.#takeWord("else") ? this.#single() : undefined;
    this.#word("end");
    return { is: "if", test, then, ...(other === undefined ? {} : { else: other }) };
  }

  #call(name: string): Fast {
    if (this.#tokens[this.#at]?.text !== "(") {
      if (name === "first" || name === "last")
        return { is: "path", steps: [{ key: name === "first" ? 0 : -1, optional: false }] };
      if (name === "values") {
        const left: Fast = { is: "path", steps: [] };
        return { is: "select", inner: { is: "compare", by: "!=", left, right: { is: "literal", value: null } } };
      }
      return this.#known(name, []);
    }
    this.#at++;
    if (name === "select" || name === "map") {
      const inner = this.#single();
      this.#take(({ is }) => is === "close");
      return { is: name, inner };
    }
    const texts: string[] = [];
    do {
      const literal = literalOf(this.#take(({ is }) => is === "text"))?.constant;
      if (typeof literal !== "string") throw notFast;
      texts.push(literal);
    } while (this.#takeSign(";"));
    this.#take(({ is }) => is === "close");
    if (name !== "scan" || texts.length !== 1) return this.#known(name, texts);
    const regex = regexOf(texts[0] as string);
    if (regex === undefined) throw notFast;
    return { is: "scan", regex };
  }

  #known(name: string, texts: readonly string[]): Fast {
    const call = fastCalls.get(`${name}/${texts.length}`)?.(...texts);
    if (call === undefined) throw notFast;
    return { is: "call", call };
  }

  #take(fits: (token: Token) => boolean): Token {
    const token = this.#tokens[this.#at];
    if (token === undefined || !fits(token)) throw notFast;
    this.#at++;
    return token;
  }

  #takeSign(text: string): boolean {
    if (!isSign(this.#tokens[this.#at], text)) return false;
    this.#at++;
    return true;
  }

  #takeWord(text: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.is !== "word" || token.text !== text) return false;
    this.#at++;
    return true;
  }

  #word(text: string): void {
    if (!this.#takeWord(text)) throw notFast;
  }
}

/** Most outputs of an array's inner expression. */
const mostItems = 64;

const comparisons: ReadonlySet<string> = new Set(["==", "!=", "<", "<=", ">", ">="]);

/** The text of a piece of a string. */
function piece(token: Token): string {
  const text = stringOf(token.text);
  if (text === undefined) throw notFast;
  return text;
}

function refuse(): never {
  throw notFast;
}
