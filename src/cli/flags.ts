import type { z } from "zod";
import { UsageError } from "../errors.js";

/** A flag as yargs takes it. Every value comes as text; the options' schema turns it into what it means. */
interface Flag {
  readonly type: "string";
  readonly describe: string;
  readonly requiresArg: true;
  readonly array?: true;
  readonly nargs?: 1;
  readonly alias?: string;
  readonly demandOption?: true;
}

type Shape = Readonly<Record<string, z.ZodType>>;

const aliases: Readonly<Record<string, string>> = { mapping: "m" };

/** Makes a command's flags from its options' schema: kebab-case names, descriptions as help. `positional` ones are left out. */
export function flagsOf(shape: Shape, positional: readonly string[] = []): Record<string, Flag> {
  return Object.fromEntries(
    Object.entries(shape)
      .filter(([name]) => !positional.includes(name))
      .map(([name, schema]) => [kebab(name), flagOf(name, schema)]),
  );
}

function flagOf(name: string, schema: z.ZodType): Flag {
  const { inner, optional, initial } = unwrap(schema);
  const describe = `${schema.description ?? ""}${initial === undefined || Array.isArray(initial) ? "" : ` [${initial}]`}`;
  return {
    type: "string",
    describe,
    requiresArg: true,
    // One value each time: `--report a.md services.csv` leaves the source a source.
    ...(inner.def.type === "array" && { array: true as const, nargs: 1 as const }),
    ...(aliases[name] !== undefined && { alias: aliases[name] }),
    ...(!optional && { demandOption: true as const }),
  };
}

/** Options as parsed from flags. @throws {UsageError} with every flag that does not fit */
export function parseFlags<T extends z.ZodObject>(schema: T, given: Readonly<Record<string, unknown>>): z.output<T> {
  const names = Object.keys(schema.shape).filter((name) => given[name] !== undefined);
  const twice = names.find(
    (name) => Array.isArray(given[name]) && unwrap(schema.shape[name]).inner.def.type !== "array",
  );
  if (twice !== undefined) throw new UsageError(`--${kebab(twice)}: is given more than once`);
  const values = Object.fromEntries(names.map((name) => [name, valueFrom(name, given[name])]));
  const parsed = schema.safeParse(values);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => {
    const [name = "", at] = path;
    return `${name === "sources" ? "source" : `--${kebab(String(name))}`}${typeof at === "number" ? ` (number ${at + 1})` : ""}: ${message}`;
  });
  throw new UsageError(issues.join("\n"), { hint: "See --help." });
}

/** What stands for `-` while yargs parses: it drops a bare dash among positionals. No argument of a process can hold a NUL. */
const hiddenStdin = "\0-";

/** Hides the name of stdin from yargs; {@link parseFlags} brings it back. */
export function hideStdin(argument: string): string {
  return argument === "-" ? hiddenStdin : argument;
}

/** Options that take numbers beside words; elsewhere digits stay text. */
const numeric = ["limit", "maxErrors", "rate", "concurrency", "keep", "port", "latency", "record", "sample"];

function valueFrom(name: string, value: unknown): unknown {
  if (value === hiddenStdin) return "-";
  if (Array.isArray(value)) return value.map((each) => (each === hiddenStdin ? "-" : each));
  return numeric.includes(name) && typeof value === "string" && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value;
}

function unwrap(schema: z.ZodType): { inner: z.ZodType; optional: boolean; initial?: unknown } {
  const def = schema.def as { type: string; innerType?: z.ZodType; defaultValue?: unknown };
  if (def.innerType !== undefined && (def.type === "optional" || def.type === "default"))
    return { inner: unwrap(def.innerType).inner, optional: true, initial: def.defaultValue };
  return { inner: schema, optional: false };
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
