import { isIPv4, isIPv6 } from "node:net";
import { identifierPattern } from "./identifier.js";

/**
 * How a text stands to a format. `wrong`: refused by every published validator of a format that Port enforces; `unusual`: refused by the
 * strict ones, or of a format that Port may not enforce, so that the API decides.
 */
export interface FormatVerdict {
  readonly verdict: "fits" | "unusual" | "wrong";
  /** What the format looks like, for a message. */
  readonly expects: string;
}

/** Judges a text by one format. */
export type FormatJudge = (text: string) => FormatVerdict;

/**
 * Port's formats that are looked at. Markdown, yaml and proto hold any text, so they have no judge.
 * @source API reference, "Create a blueprint"; the lax readings are those of ajv-formats in its fast mode, the strict ones the RFCs'
 */
export const formatJudges: ReadonlyMap<string, FormatJudge> = new Map([
  ["date-time", judge("a date and time with zone, as 2024-05-01T10:00:00Z", isDateTime, isLaxDateTime)],
  ["timer", judge("a date and time with zone, as 2024-05-01T10:00:00Z", isDateTime, anyText)],
  ["url", judge("an absolute URL, as https://example.com/path", isUrl, (text) => laxUrl.test(text))],
  ["email", judge("an address, as name@example.com", isEmail, (text) => laxEmail.test(text))],
  ["idn-email", judge("an address, as name@example.com", (text) => laxEmail.test(text), anyText)],
  ["ipv4", judge("an IPv4 address, as 192.0.2.1", isIPv4, isLaxIpv4)],
  ["ipv6", judge("an IPv6 address, as 2001:db8::1", (text) => isIPv6(text) && !text.includes("%"), isIPv6)],
  ["user", judge("a user's e-mail address", (text) => laxEmail.test(text), anyText)],
  ["team", judge("a team's name", (text) => text.trim() !== "", anyText)],
  ["blueprints", judge("a blueprint's identifier", (text) => identifierPattern.test(text), anyText)],
]);

const laxUrl = /^[a-z][a-z0-9+.-]*:\S*$/i;
const laxEmail = /^[^\s@]+@[^\s@]+$/;
const strictEmail = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[a-z0-9-]+(?:\.[a-z0-9-]+)*$/i;
const dateTime =
  /^(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i;
const laxDateTime = /^\d{4}-[01]\d-[0-3]\d[T\s][0-2]\d:[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:Z|[+-]\d\d(?::?\d\d)?)$/i;

function judge(expects: string, isStrict: (text: string) => boolean, isLax: (text: string) => boolean): FormatJudge {
  const fits: FormatVerdict = { verdict: "fits", expects };
  const unusual: FormatVerdict = { verdict: "unusual", expects };
  const wrong: FormatVerdict = { verdict: "wrong", expects };
  return (text) => (isStrict(text) ? fits : isLax(text) ? unusual : wrong);
}

function anyText(): boolean {
  return true;
}

function isDateTime(text: string): boolean {
  const parts = dateTime.exec(text);
  if (parts === null) return false;
  const day = Number(parts[3]);
  return day <= 28 || day <= new Date(Date.UTC(Number(parts[1]), Number(parts[2]), 0)).getUTCDate();
}

function isLaxDateTime(text: string): boolean {
  return laxDateTime.test(text);
}

/** Any scheme with an authority, so that intranet hosts pass, which Ajv's own `url` refuses. */
function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/[^\s/]\S*$/i.test(text) && URL.canParse(text);
}

function isEmail(text: string): boolean {
  return strictEmail.test(text);
}

/** Leading zeros pass: some validators take them. */
function isLaxIpv4(text: string): boolean {
  return /^\d{1,3}(?:\.\d{1,3}){3}$/.test(text) && text.split(".").every((part) => Number(part) <= 255);
}
