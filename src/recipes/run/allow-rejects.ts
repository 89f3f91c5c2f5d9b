import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { z } from "zod";
import { UsageError } from "../../errors.js";
import { type Reject, rejectCodes } from "../../reject.js";
import { withoutHidden } from "../../secrets.js";
import type { Warning } from "../../warning.js";

/** Rejects that are known and do not make an import fail. */
export interface AllowedRejects {
  onRejects(rejects: readonly Reject[]): void;
  /** Rejects so far that are not on the list. */
  readonly fresh: number;
  /** Listed ones that did not come up, as warnings. */
  cured(): readonly Warning[];
}

const line = z.looseObject({
  code: z.enum(Object.keys(rejectCodes) as [keyof typeof rejectCodes], { error: "is not a reject code" }),
  source: z.string().min(1),
  blueprint: z.string().optional(),
  identifier: z.string().optional(),
  position: z.int().min(1).optional(),
});

/**
 * Reads a list of known rejects: lines of JSON with `source` (its base name counts), `code`, and what names the record there: `blueprint` and
 * `identifier`, or, where there is none, its `position`. A copy of an earlier reasons.ndjson is such a list.
 *
 * @param names - the sources as people know them
 * @throws {UsageError} for a file that cannot be read, and a line that is something else
 */
export async function readAllowedRejects(path: string, names: readonly string[]): Promise<AllowedRejects> {
  const text = await readFile(path, "utf8").catch((cause: Error) => {
    throw new UsageError(`--allow-rejects ${path}: ${cause.message}`, { cause });
  });
  const listed = new Map<string, string>();
  const missing = new Set<string>();
  for (const [index, row] of text.split("\n").entries()) {
    if (row.trim() === "") continue;
    const { code, source, blueprint, identifier, position } = parse(row, `${path}:${index + 1}`);
    const key = keyOf(code, source, { blueprint, identifier, position });
    const who = identifier === undefined ? `record ${position}` : `${blueprint ?? ""}/${identifier}`;
    listed.set(key, `${code} of ${who} in ${source}`);
    missing.add(key);
  }
  let fresh = 0;
  return {
    onRejects(rejects) {
      for (const { code, at, blueprint, identifier } of withoutHidden(rejects)) {
        const key = keyOf(code, names[at.source] ?? "", { blueprint, identifier, position: at.position });
        if (listed.has(key)) missing.delete(key);
        else fresh++;
      }
    },
    get fresh() {
      return fresh;
    },
    cured: () =>
      [...missing].map((key) => ({
        code: "reject_cured",
        path: listed.get(key) ?? "",
        message: `${listed.get(key)} did not come up again; take it off the list`,
        count: 1,
      })),
  };
}

interface Who {
  readonly blueprint: string | undefined;
  readonly identifier: string | undefined;
  readonly position: number | undefined;
}

function keyOf(code: string, source: string, { blueprint, identifier, position }: Who): string {
  const who = identifier === undefined ? [position] : [blueprint, identifier];
  return JSON.stringify([code, basename(source), ...who]);
}

function parse(row: string, place: string): z.infer<typeof line> {
  let value: unknown;
  try {
    value = JSON.parse(row);
  } catch {
    throw new UsageError(`--allow-rejects ${place}: is not a line of JSON`);
  }
  const parsed = line.safeParse(value);
  if (!parsed.success)
    throw new UsageError(
      `--allow-rejects ${place}: ${parsed.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`).join("; ")}`,
      { hint: "A line is that of a reasons.ndjson: source, code, and blueprint with identifier, or position." },
    );
  if (parsed.data.identifier === undefined && parsed.data.position === undefined)
    throw new UsageError(`--allow-rejects ${place}: names no record: give identifier or position`);
  return parsed.data;
}
