import type { Kind, ReadValue } from "./option.js";

/** A length of time: milliseconds, or text with its unit, such as `500ms`, `30s`, `5m` or `1h`. */
export type Duration = number | string;
/** A part of a whole: above 0 and at most 1, or text such as `50%`. */
export type Share = number | string;
/** How many of something are allowed: a number, or a share of all, such as `5%` or `{ share: 0.05 }`. */
export type Budget = number | string | { readonly share: number };
/** A {@link Budget} as the program works with it; a share is 0 to 1. */
export type ReadBudget = number | { readonly share: number };

const one = { choices: [], isList: false } as const;

/** Text that is not empty. @param fits - what it must look like, and how that is said */
export function text(placeholder: string, fits?: { readonly as: RegExp; readonly must: string }): Kind<string, string> {
  return {
    ...one,
    placeholder,
    read(given) {
      if (typeof given !== "string" || given === "") return { must: fits?.must ?? "must not be empty" };
      return fits === undefined || fits.as.test(given) ? { value: given } : { must: fits.must };
    },
  };
}

/** Text that is not empty, or an object of the library. */
export function textOrObject<T extends object>(placeholder: string): Kind<string | T, string | T> {
  const { read } = text(placeholder);
  return {
    ...one,
    placeholder,
    read: (given) =>
      typeof given === "object" && given !== null && !Array.isArray(given) ? { value: given as T } : read(given),
  };
}

/** A value, or false of the library for none. */
export function orFalse<G, V>(kind: Kind<G, V>): Kind<G | false, V | false> {
  const { placeholder, choices, isList } = kind;
  return { placeholder, choices, isList, read: (given) => (given === false ? { value: false } : kind.read(given)) };
}

/** Several values; on the command line the flag is repeated. */
export function listOf<G, V>(kind: Kind<G, V>, atLeast = 0): Kind<readonly G[], readonly V[]> {
  return {
    placeholder: kind.placeholder,
    choices: kind.choices,
    isList: true,
    read(given) {
      if (!Array.isArray(given)) return { must: "must be a list" };
      if (given.length < atLeast) return { must: "must be given at least once" };
      const values: V[] = [];
      for (const [index, each] of given.entries()) {
        const read = kind.read(each);
        if ("must" in read) return { must: `${given.length === 1 ? "" : `(number ${index + 1}) `}${read.must}` };
        values.push(read.value);
      }
      return { value: values };
    },
  };
}

/** Yes or no; the flag takes no value. */
export const flag: Kind<boolean, boolean> = {
  ...one,
  placeholder: "",
  read: (given) => (typeof given === "boolean" ? { value: given } : { must: "must be true or false" }),
};

/** One of a few words. */
export function oneOf<const W extends string>(...words: readonly W[]): Kind<W, W> {
  const must = `must be ${orList(words)}`;
  return {
    ...one,
    placeholder: `<${words.join("|")}>`,
    choices: words,
    read(given) {
      const value = words.find((word) => word === given);
      return value === undefined ? { must } : { value };
    },
  };
}

/** A whole number within bounds, both included. */
export function wholeNumber(min: number, max?: number): Kind<number, number> {
  const must = `must be a whole number from ${min}${max === undefined ? "" : ` to ${max}`}`;
  return {
    ...one,
    placeholder: "<n>",
    read(given) {
      const value = numberFrom(given);
      const fits = Number.isSafeInteger(value) && value >= min && (max === undefined || value <= max);
      return fits ? { value } : { must };
    },
  };
}

/** A number above 0. */
export const positiveNumber: Kind<number, number> = {
  ...one,
  placeholder: "<n>",
  read(given) {
    const value = numberFrom(given);
    return Number.isFinite(value) && value > 0 ? { value } : { must: "must be a number above 0" };
  },
};

/** One of a few words, or a value of another kind. */
export function wordOr<const W extends string, G, V>(words: readonly W[], kind: Kind<G, V>): Kind<W | G, W | V> {
  return {
    ...one,
    placeholder: `<${[...words, kind.placeholder.replaceAll(/[<>]/g, "")].join("|")}>`,
    choices: words,
    read(given): ReadValue<W | V> {
      const word = words.find((each) => each === given);
      if (word !== undefined) return { value: word };
      const read = kind.read(given);
      return "must" in read ? { must: `must be ${[...words, read.must.replace(/^must be /, "")].join(" or ")}` } : read;
    },
  };
}

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** A length of time, read to milliseconds. Text needs its unit: 300 alone is ambiguous. */
export const duration: Kind<Duration, number> = {
  ...one,
  placeholder: "<duration>",
  read(given) {
    if (typeof given === "number" && given >= 0 && Number.isFinite(given)) return { value: given };
    const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(String(given)) ?? [];
    if (number === undefined) return { must: "must be a duration, such as 30s" };
    return { value: Number(number) * units[unit as keyof typeof units] };
  },
};

/** A part of a whole, read to a number above 0 and at most 1. */
export const share: Kind<Share, number> = {
  ...one,
  placeholder: "<percent>",
  read(given) {
    const value = typeof given === "number" ? given : percentFrom(given);
    return value !== undefined && value > 0 && value <= 1
      ? { value }
      : { must: "must be a percentage above 0% and at most 100%, such as 50%" };
  },
};

/** How many are allowed: a whole number, or a share of all. */
export const budget: Kind<Budget, ReadBudget> = {
  ...one,
  placeholder: "<n|percent>",
  read(given) {
    const percent = given !== null && typeof given === "object" && "share" in given ? given.share : percentFrom(given);
    if (typeof percent === "number" && percent >= 0) return { value: { share: percent } };
    const value = numberFrom(given);
    return Number.isSafeInteger(value) && value >= 0
      ? { value }
      : { must: "must be a number or a percentage, such as 100 or 2%" };
  },
};

/** `NaN` for what is not a number. */
function numberFrom(given: unknown): number {
  if (typeof given === "number") return given;
  return typeof given === "string" && /^-?\d+(\.\d+)?$/.test(given) ? Number(given) : Number.NaN;
}

function percentFrom(given: unknown): number | undefined {
  const [, number] = /^(\d+(?:\.\d+)?)%$/.exec(String(given)) ?? [];
  return number === undefined ? undefined : Number(number) / 100;
}

/** `a, b or c`. */
export function orList(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
