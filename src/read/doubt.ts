import { SourceError } from "../errors.js";
import type { SourceOptions } from "../source-options.js";

/** A source may be read in more than one way: a question, with its answers. */
export interface Doubt {
  /** What speaks for and against, in one sentence without the source's name. */
  readonly message: string;
  /** The likeliest first. */
  readonly answers: readonly Answer[];
  /** True where the other answers leave no table: a proposal takes the first without a question. */
  readonly isPlain?: boolean;
}

/** One way to read a source in doubt: what settles it under `source` in the mapping. */
export interface Answer extends Pick<SourceOptions, "csv" | "json" | "xlsx" | "format"> {
  readonly text: string;
}

/** The options with an answer laid over them. */
export function answered(options: SourceOptions, { text: _, ...settled }: Answer): SourceOptions {
  return { ...options, ...settled };
}

/** The line that settles a doubt for good, under `source` in the mapping. */
export function mappingLine({ text: _, ...settled }: Answer): string {
  const lines = Object.entries(settled).map(([key, options]) => {
    if (typeof options === "string") return `${key}: ${options}`;
    const pairs = Object.entries(options ?? {}).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
    return `${key}: { ${pairs.join(", ")} }`;
  });
  return lines.join("\n    ");
}

/** The error of a source in doubt where nobody can be asked. */
export function doubtError(name: string, { message, answers }: Doubt): SourceError {
  const lines = answers.map((answer) => `    ${mappingLine(answer)}   # ${answer.text}`);
  return new SourceError(name, message, {
    code: "source_in_doubt",
    hint: `Say which under source (or sources.<kind>) in the mapping:\n${lines.join("\n")}`,
  });
}
