import type { Jq } from "jq-wasm";

let engine: Jq | undefined;

/** Loads jq, which calculation properties need and most catalogs do not. It stays loaded for the life of the process. */
export async function loadCalculator(): Promise<void> {
  if (engine !== undefined) return;
  const { loadJq } = await import("jq-wasm");
  engine = await loadJq();
}

/** True once {@link loadCalculator} has ended. */
export function calculatorLoaded(): boolean {
  return engine !== undefined;
}

/**
 * Gives the values of calculation properties, a row for each entity, in the order of the expressions. An expression that fails or gives nothing is null. Entities are
 * as replies show them, mirror and aggregation properties included. An expression without an end would hold up the emulator for ever.
 */
export function calculate(
  expressions: readonly string[],
  entities: readonly object[],
): readonly (readonly unknown[])[] {
  const rows = run(expressions, entities);
  if (rows !== undefined) return rows;
  // One expression that does not compile fails the whole program, so each is tried by itself.
  const columns = expressions.map((expression) => run([expression], entities));
  return entities.map((_, row) => columns.map((column) => column?.[row]?.[0] ?? null));
}

function run(expressions: readonly string[], entities: readonly object[]): readonly (readonly unknown[])[] | undefined {
  // Two line ends, so that a comment cannot take the bracket away.
  const cells = expressions.map((expression) => `(try first((${expression}\n\n), null) catch null)`);
  try {
    const { stdout, exitCode } =
      engine?.raw(JSON.stringify(entities), `.[] | [${cells.join(",\n")}]`, ["-c"]) ?? failed;
    if (exitCode !== 0) return undefined;
    const rows = stdout.split("\n").filter((line) => line !== "");
    return rows.length === entities.length ? rows.map((line) => JSON.parse(line) as unknown[]) : undefined;
  } catch {
    // Out of memory or too deep: that instance is done for, the next request loads another.
    engine = undefined;
    return undefined;
  }
}

const failed = { stdout: "", exitCode: 1 };
