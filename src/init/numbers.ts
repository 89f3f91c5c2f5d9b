import { pathExpression } from "./names.js";

/** How a number is written: a unit around it, the sign before its fraction, the sign between thousands; as `source.columns` takes it. */
export interface NumberWriting {
  readonly decimal?: ",";
  readonly group?: "," | "." | " " | "'";
  readonly unit?: string;
}

/** How the texts of a column can be read as numbers. */
export interface NumberReadings {
  /** By unit (empty without one): how many texts each of {@link writings} reads. */
  readonly byUnit: Map<string, number[]>;
  /** Texts in which three digits follow the only sign, so that it may be either. */
  doubtful: number;
  /** Whole numbers of at most three digits without any sign, and of more. */
  small: number;
  large: number;
  /** Texts whose fraction ends in a zero, which a number does not keep. */
  zeroEnded: number;
}

/** What can be read as a number by each writing, the plainest first. */
const writings: readonly { readonly signs: NumberWriting; readonly reads: RegExp }[] = [
  { signs: {}, reads: /^[+-]?(?:0|[1-9]\d{0,14})(?:\.\d{1,9})?$/ },
  { signs: { group: "," }, reads: /^[+-]?(?:[1-9]\d{0,2}(?:,\d{3})+|0|[1-9]\d{0,14})(?:\.\d{1,9})?$/ },
  { signs: { decimal: "," }, reads: /^[+-]?(?:0|[1-9]\d{0,14})(?:,\d{1,9})?$/ },
  { signs: { decimal: ",", group: "." }, reads: /^[+-]?(?:[1-9]\d{0,2}(?:\.\d{3})+|0|[1-9]\d{0,14})(?:,\d{1,9})?$/ },
  {
    signs: { group: " " },
    reads: /^[+-]?(?:[1-9]\d{0,2}(?:[ \u00a0\u202f\u2009]\d{3})+|0|[1-9]\d{0,14})(?:\.\d{1,9})?$/,
  },
  {
    signs: { decimal: ",", group: " " },
    reads: /^[+-]?(?:[1-9]\d{0,2}(?:[ \u00a0\u202f\u2009]\d{3})+|0|[1-9]\d{0,14})(?:,\d{1,9})?$/,
  },
  { signs: { group: "'" }, reads: /^[+-]?(?:[1-9]\d{0,2}(?:['\u2019]\d{3})+|0|[1-9]\d{0,14})(?:\.\d{1,9})?$/ },
];

const units =
  "%|[$€£¥]|EUR|USD|GBP|CHF|JPY|[KMGTP]i?B|[kMG]?Hz|ms|h|hrs?|hours|min|days?|cores?|vCPUs?|years?|months?|W|kW|kWh|kg|U";
const before = new RegExp(`^([+-]?)(${units})\\s?(?=[\\d+-])`, "u");
const behind = new RegExp(`(?<=\\d)\\s?(${units})$`, "u");

/** Opens the readings of a column. */
export function openNumbers(): NumberReadings {
  return { byUnit: new Map(), doubtful: 0, small: 0, large: 0, zeroEnded: 0 };
}

/** Counts one more text. */
export function addNumber(readings: NumberReadings, given: string): void {
  const text = given.trim();
  if (!/\d/.test(text) || text.length > 40) return;
  const unit = before.exec(text)?.[2] ?? behind.exec(text)?.[1] ?? "";
  const body = unit === "" ? text : text.replace(before, "$1").replace(behind, "");
  const counts = readings.byUnit.get(unit) ?? writings.map(() => 0);
  readings.byUnit.set(unit, counts);
  for (const [index, { reads }] of writings.entries()) if (reads.test(body)) counts[index] = (counts[index] ?? 0) + 1;
  if (/^[+-]?[1-9]\d{0,2}[.,]\d{3}$/.test(body)) readings.doubtful++;
  if (/^[+-]?\d+$/.test(body)) readings[body.replace(/^[+-]/, "").length > 3 ? "large" : "small"]++;
  if (/^[+-]?\d+\.\d*0$/.test(text)) readings.zeroEnded++;
}

/** The plainest writing that reads the most texts, and how many; undefined where none reads any. */
export function numberWriting({
  byUnit,
  doubtful,
  small,
  large,
}: NumberReadings): { readonly writing: NumberWriting; readonly count: number; readonly doubt?: string } | undefined {
  const total = (unit: string): number => Math.max(0, ...(byUnit.get(unit) ?? []));
  const [unit] = [...byUnit.keys()]
    .filter((each) => each !== "" && total(each) > 0)
    .sort((a, b) => total(b) - total(a));
  const counts = writings.map(
    (_, index) => (byUnit.get("")?.[index] ?? 0) + (unit === undefined ? 0 : (byUnit.get(unit)?.[index] ?? 0)),
  );
  const count = Math.max(...counts);
  if (count <= 0) return undefined;
  const plainest = counts.indexOf(count);
  // Points before three digits each time, in many numbers, beside short whole numbers and no long one, part thousands: fractions would end in a zero at times, and lose it.
  const isParted = plainest === 0 && counts[3] === count && doubtful >= 30 && small > 0 && large === 0;
  const best = isParted ? 3 : plainest;
  const { signs } = writings[best] as (typeof writings)[number];
  const writing: NumberWriting = unit === undefined ? signs : { ...signs, unit };
  const other =
    best === 1 && counts[2] === count ? "1.234" : plainest === 0 && counts[3] === count ? "1234" : undefined;
  // A sign that three digits follow each time may part thousands or the fraction; that a fraction always has three is the rarer case.
  if (other === undefined || doubtful < 5 || (best === 1 && doubtful >= 20)) return { writing, count };
  const doubt = {
    1: "1,234 read as 1234, or as 1.234",
    3: "1.234 read as 1234, as the numbers without a point are all below 1000, or as it is",
  }[best];
  return { writing, count, doubt: doubt ?? "1.234 read as it is, or as 1234" };
}

/** The expression that reads such a number at a path, where no column format can: it fails on other text. */
export function numberExpression(path: readonly string[], { decimal, group, unit }: NumberWriting): string {
  const literal = (text: string): string => text.replaceAll(/[.$^*+?()[\]{}|\\]/g, "\\$&");
  const jq = (text: string): string => JSON.stringify(text);
  const spaces = "\\s";
  return [
    `${pathExpression(path)} | values`,
    ...(unit === undefined
      ? []
      : [`gsub(${jq(`^${spaces}*${literal(unit)}${spaces}*|${spaces}*${literal(unit)}${spaces}*$`)}; "")`]),
    ...(group === undefined ? [] : [`gsub(${jq(group === " " ? spaces : literal(group))}; "")`]),
    ...(decimal === undefined ? [] : [`sub(",";".")`]),
    "tonumber",
  ].join(" | ");
}
