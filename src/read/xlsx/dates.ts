/** How a number is a date: a day, a time of day, both, or a length of time in hours. */
export type DateStyle = "date" | "time" | "date-time" | "duration";

/** Number formats that every workbook has. */
const builtIn: Readonly<Record<number, DateStyle>> = {
  14: "date",
  15: "date",
  16: "date",
  17: "date",
  18: "time",
  19: "time",
  20: "time",
  21: "time",
  22: "date-time",
  45: "time",
  46: "duration",
  47: "time",
};

/** How a number format shows a date; undefined where it shows none. @param code - of a format of the workbook's own */
export function dateStyle(id: number, code: string | undefined): DateStyle | undefined {
  if (code === undefined) {
    const isAsian = (id >= 27 && id <= 36) || (id >= 50 && id <= 58);
    return builtIn[id] ?? (isAsian ? "date" : undefined);
  }
  const [first = ""] = code.split(";");
  if (/\[(?:h+|m+|s+)\]/i.test(first)) return "duration";
  const plain = first.replaceAll(/"[^"]*"|\\.|_.|\*.|\[[^\]]*\]/g, "");
  const hasTime = /[hs]|am\/pm/i.test(plain);
  // An m is a month, unless it is beside hours or seconds.
  const hasDay = /[dy]/i.test(plain) || (/m/i.test(plain) && !hasTime);
  if (/general|[0#?]/i.test(plain) && !hasDay && !hasTime) return undefined;
  if (hasDay) return hasTime ? "date-time" : "date";
  return hasTime ? "time" : undefined;
}

const dayMs = 86_400_000;

/**
 * A number as the date it shows, in ISO 8601 without a zone, which workbooks do not have: `2024-05-01`, `10:30:00`, `2024-05-01T10:30:00`, and a length of
 * time as hours `26:30:00`. Undefined for a number that is no date.
 */
export function isoDate(serial: number, style: DateStyle, is1904: boolean): string | undefined {
  const ms = Math.round(serial * dayMs);
  if (!(serial >= 0) || serial >= 2_958_466) return undefined;
  if (style === "duration") return clock(ms);
  const hasDay = style !== "time" || serial >= 1;
  const hasTime = ms % dayMs !== 0 || style !== "date";
  // The calendar from 1900 counts a 29 February 1900 that never was.
  const epoch = is1904 ? Date.UTC(1904, 0, 1) : Date.UTC(1899, 11, serial < 60 ? 31 : 30);
  const day = new Date(epoch + Math.floor(ms / dayMs) * dayMs).toISOString().slice(0, 10);
  if (!hasDay) return clock(ms);
  return hasTime ? `${day}T${clock(ms % dayMs)}` : day;
}

function clock(ms: number): string {
  const two = (number: number): string => String(number).padStart(2, "0");
  const seconds = Math.floor(ms / 1000);
  const rest = ms % 1000;
  const fraction = rest === 0 ? "" : `.${String(rest).padStart(3, "0")}`;
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}${fraction}`;
}
