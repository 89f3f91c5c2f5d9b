/**
 * The regular expression of JavaScript that finds what jq's finds; undefined where the two might differ.
 *
 * Taken are sequences of ASCII characters that mean themselves, classes of such characters and ranges, not negated, each with an
 * optional `+`. Such a pattern never matches nothing, has no groups and no anchors, and both engines take the longest run from the left.
 *
 * @source Oniguruma, syntax Perl_NT, as jq 1.8.2 calls it
 */
export function regexOf(pattern: string): RegExp | undefined {
  if (!simple.test(pattern)) return undefined;
  try {
    return new RegExp(pattern, "gu");
  } catch {
    // A range that runs backwards.
    return undefined;
  }
}

const plain = "[A-Za-z0-9 _:;,@#%=!\"'<>~`\\/&\\-]";
const inClass = "(?:[A-Za-z0-9]-[A-Za-z0-9]|[A-Za-z0-9 _:;,@#%=!.\\/])";
const simple = new RegExp(`^(?:(?:${plain}|\\[${inClass}+\\]|\\\\[.|+*?()\\[\\]{}$^])\\+?)+$`, "u");
