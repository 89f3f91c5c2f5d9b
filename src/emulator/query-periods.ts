const dayMs = 86_400_000;

/** Presets as days before (or after) now. `last` presets end now, `next` presets begin now. */
const presetDays: Readonly<Record<string, number>> = {
  lastDay: -1,
  lastWeek: -7,
  last2Weeks: -14,
  lastMonth: -30,
  last3Months: -91,
  last6Months: -182,
  last12Months: -365,
  last2Years: -730,
  last3Years: -1095,
  nextDay: 1,
  nextWeek: 7,
  next2Weeks: 14,
  nextMonth: 30,
  next3Months: 91,
  next6Months: 182,
  next12Months: 365,
};

/** Days named by the calendar, as days from today. Days are those of UTC. */
const calendarDays: Readonly<Record<string, number>> = { today: 0, tomorrow: 1, yesterday: -1 };

/** Names of periods. */
export const presets: readonly string[] = [...Object.keys(calendarDays), ...Object.keys(presetDays)];

/** Gives the moment that a date and time names, in milliseconds since 1970; `undefined` for what is none. */
export function momentOf(value: unknown): number | undefined {
  if (typeof value !== "string" || !/^\d{4}-\d\d-\d\d/.test(value)) return undefined;
  // Clocks of programs know no leap second.
  const at = Date.parse(value.replace(":60", ":59"));
  return Number.isNaN(at) ? undefined : at;
}

/** Reads `{from, to}` or `{preset}` as milliseconds since 1970, both ends included; `undefined` if it is neither. */
export function periodOf(value: object, now: number): { readonly from: number; readonly to: number } | undefined {
  if ("from" in value && "to" in value) {
    return { from: momentOf(value.from) ?? Number.NaN, to: momentOf(value.to) ?? Number.NaN };
  }
  if (!("preset" in value) || typeof value.preset !== "string") return undefined;
  const day = calendarDays[value.preset];
  if (day !== undefined) {
    const from = Math.floor(now / dayMs) * dayMs + day * dayMs;
    return { from, to: from + dayMs - 1 };
  }
  const days = presetDays[value.preset];
  if (days === undefined) return undefined;
  return days < 0 ? { from: now + days * dayMs, to: now } : { from: now, to: now + days * dayMs };
}
