/** What the expressions of a workflow see: `inputs`, `steps`, `env` and their like; `status` for the status functions. */
export type Scope = Readonly<Record<string, unknown>>;

/** Replaces each `${{ … }}` of a text by its value. */
export function expand(text: string, scope: Scope): string {
  return text.replaceAll(/\$\{\{(.*?)\}\}/gs, (_, expression: string) => String(evaluate(expression, scope) ?? ""));
}

/** Evaluates an expression of GitHub Actions: paths, text, numbers, `== != && || !`, parentheses and the status functions. Text compares without case. */
export function evaluate(text: string, scope: Scope): unknown {
  const tokens = text.match(/'(?:[^']|'')*'|[A-Za-z_][\w-]*(?:\.[\w-]+)*(?:\(\))?|\d+|==|!=|&&|\|\||[!()]/g) ?? [];
  let at = 0;
  const next = (): string => tokens[at++] ?? "";
  const isTrue = (value: unknown): boolean => value !== undefined && value !== "" && value !== false && value !== 0;
  const alike = (a: unknown, b: unknown): boolean => String(a ?? "").toLowerCase() === String(b ?? "").toLowerCase();
  const value = either();
  if (at < tokens.length) throw new Error(`cannot evaluate ${text}`);
  return value;

  function either(): unknown {
    let left = both();
    while (tokens[at] === "||") {
      at++;
      const right = both();
      left = isTrue(left) ? left : right;
    }
    return left;
  }
  function both(): unknown {
    let left = compared();
    while (tokens[at] === "&&") {
      at++;
      const right = compared();
      left = isTrue(left) ? right : left;
    }
    return left;
  }
  function compared(): unknown {
    const left = single();
    const operator = tokens[at];
    if (operator !== "==" && operator !== "!=") return left;
    at++;
    return alike(left, single()) === (operator === "==");
  }
  function single(): unknown {
    const token = next();
    if (token === "!") return !isTrue(single());
    if (token === "(") {
      const inner = either();
      if (next() !== ")") throw new Error(`cannot evaluate ${text}`);
      return inner;
    }
    if (token.startsWith("'")) return token.slice(1, -1).replaceAll("''", "'");
    if (/^\d/.test(token)) return Number(token);
    if (token === "true" || token === "false") return token === "true";
    if (token.endsWith("()")) return statusOf(token);
    return token.split(".").reduce<unknown>((held, key) => (held as Scope | undefined)?.[key], scope);
  }
  function statusOf(name: string): boolean {
    const { isSuccess = true } = (scope.status ?? {}) as { isSuccess?: boolean };
    if (name === "always()") return true;
    if (name === "success()") return isSuccess;
    if (name === "failure()") return !isSuccess;
    if (name === "cancelled()") return false;
    throw new Error(`no function ${name}`);
  }
}
