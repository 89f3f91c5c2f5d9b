/** A decimal number as JSON, CSV exports and people write it, without thousands: `3`, `-0.25`, `.5`, `1E5`, `007`. No hex, no blanks, no other digits. */
export const decimalPattern = /^[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** The number of a decimal text, if its value survives to the last digit; undefined where the text is no decimal or a double cannot hold it. */
export function exactNumber(text: string): number | undefined {
  if (!decimalPattern.test(text)) return undefined;
  const number = Number(text);
  if (!isLossless(text, number)) return undefined;
  return number === 0 ? 0 : number;
}

/** Tells whether every number written in a JSON text survives being read. */
export function jsonNumbersAreLossless(json: string): boolean {
  if (!/\d[eE]|[\d.]{16}/.test(json)) return true;
  const numbers = json.replace(/"(?:[^"\\]|\\.)*"/g, " ").match(/-?\d[\d.eE+-]*/g) ?? [];
  return numbers.every((text) => isLossless(text, Number(text)));
}

/** Fifteen significant digits always survive a double, so short plain text needs no comparison. @source IEEE 754-2019, binary64 */
function isLossless(text: string, number: number): boolean {
  if (text.length <= 15 && !/[eE]/.test(text)) return true;
  return Number.isFinite(number) && normalForm(text) === normalForm(String(number));
}

/** A decimal's value as `sign digits e exponent`, the same for all spellings of one value. */
function normalForm(text: string): string {
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = parts ?? [];
  const digits = (whole + fraction).replace(/^0+/, "");
  const significant = withoutTrailingZeros(digits);
  if (significant === "") return "0";
  const power = Number(exponent) - fraction.length + (digits.length - significant.length);
  return `${sign === "-" ? "-" : ""}${significant}e${power}`;
}

/** By hand: the expression for it takes a time that grows with the square of a run of zeros. */
function withoutTrailingZeros(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits[end - 1] === "0") end--;
  return digits.slice(0, end);
}
