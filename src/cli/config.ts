import { readFile } from "node:fs/promises";
import { UsageError } from "../errors.js";
import { didYouMean } from "../nearest.js";
import type { Values } from "./arguments.js";
import type { AnyCommand } from "./command.js";

const files = ["portload.config.yaml", "portload.config.yml"] as const;

/** What the file may set, and the option that each is. */
const settings = {
  mapping: "mapping",
  sources: "sources",
  blueprints: "blueprints",
  report: "report",
  share: "quotaShare",
} as const;

/**
 * Lays what the folder's `portload.config.yaml`, or the key `portload` of its package.json, sets under what the command line gives. Only commands that
 * read sources through a mapping are concerned.
 *
 * @throws {UsageError} for a file that cannot be read as one
 */
export async function withConfig(command: AnyCommand, given: Values): Promise<Values> {
  if (command.options.mapping?.need !== "required") return given;
  const found = await readConfig();
  if (found === undefined) return given;
  const { file, config } = found;
  const values: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(config)) {
    if (!(key in settings))
      throw new UsageError(`${file}: there is no setting "${key}"${didYouMean(key, Object.keys(settings))}`, {
        hint: `It may set ${Object.keys(settings).join(", ")}.`,
      });
    const name = settings[key as keyof typeof settings];
    const option = command.options[name];
    if (option !== undefined) values[name] = option.isList && !Array.isArray(value) ? [value] : value;
  }
  return { ...values, ...given };
}

async function readConfig(): Promise<{ readonly file: string; readonly config: object } | undefined> {
  for (const file of files) {
    const text = await textOf(file);
    if (text === undefined) continue;
    const { parseDocument } = await import("yaml");
    const document = parseDocument(text);
    const [broken] = document.errors;
    if (broken !== undefined) throw new UsageError(`${file}: ${broken.message}`);
    return { file, config: settingsIn(document.toJS(), file) };
  }
  const text = await textOf("package.json");
  // Most have no such key, and some are no JSON.
  if (text?.includes('"portload"') !== true) return undefined;
  try {
    const { portload } = JSON.parse(text) as { readonly portload?: unknown };
    return portload === undefined ? undefined : { file: "package.json", config: settingsIn(portload, "package.json") };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function settingsIn(value: unknown, file: string): object {
  if (value === null || value === undefined) return {};
  if (typeof value === "object" && !Array.isArray(value)) return value;
  throw new UsageError(`${file}: the settings must be a map, such as "mapping: inventory.yaml"`);
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new UsageError(`${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
