/**
 * Imports one inventory as a workbook and as CSV into a bare sink: peak memory and entities a second of both, interleaved, medians.
 *
 *     npm install --prefix DIR exceljs@4.4.0
 *     npm run bench:xlsx -- --library DIR [--shared] [records] [rounds]
 *
 * 500,000 records of 20 columns and 3 rounds by default. The workbook is written by ExcelJS, which shares no code with what reads it and is not a dependency
 * of the project: DIR is any folder that has it. With --shared texts are apart from their cells, as Excel has them. Holds: a peak under 300 MB.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { measuredRun } from "./measured-run.js";
import { columns, mappingText, row, writeThings } from "./things.js";

/** What is used of ExcelJS: the writer that streams. */
interface ExcelJs {
  readonly stream: {
    readonly xlsx: {
      readonly WorkbookWriter: new (options: {
        filename: string;
        useSharedStrings: boolean;
      }) => {
        addWorksheet(name: string): { addRow(cells: readonly unknown[]): { commit(): void }; commit(): void };
        commit(): Promise<void>;
      };
    };
  };
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { library: { type: "string" }, shared: { type: "boolean" } },
});
const records = Number(positionals[0] ?? 500_000);
const rounds = Number(positionals[1] ?? 3);
const most = 300;
const folder = mkdtempSync(join(tmpdir(), "portload-bench-"));
/** Writes what the process needed, once it ends: kilobytes, and microseconds of the processor. */

interface Use {
  readonly peakMb: number;
  /** Entities a second, by the clock and by the processor's time. */
  readonly byClock: number;
  readonly byProcessor: number;
}

/** Writes the rows of the CSV as a sheet: numbers and booleans typed, texts within their cells. */
async function writeBook(path: string): Promise<void> {
  const load = createRequire(join(resolve(values.library ?? "."), "package.json"));
  const { WorkbookWriter } = (load("exceljs") as ExcelJs).stream.xlsx;
  const book = new WorkbookWriter({ filename: path, useSharedStrings: values.shared ?? false });
  const sheet = book.addWorksheet("things");
  sheet.addRow(columns).commit();
  for (let n = 0; n < records; n++) {
    sheet.addRow(row(n).map(typed)).commit();
    // The archive is written while nothing holds the loop.
    if (n % 1000 === 0) await new Promise((done) => setImmediate(done));
  }
  sheet.commit();
  await book.commit();
}

function typed(cell: string): string | number | boolean {
  if (cell === "true" || cell === "false") return cell === "true";
  return /^\d+$/.test(cell) ? Number(cell) : cell;
}

async function importOf(source: string, apiUrl: string): Promise<Use> {
  const args = ["import", source, "-m", "things.yaml", "--rate", "off", "--progress", "none"];
  const { report, peakMb, processorUs } = await measuredRun(args, { apiUrl, cwd: folder, credentials: "bench" });
  if (report.records.read !== records) throw new Error(`${report.records.read} records read of ${source}`);
  return { peakMb, byClock: report.entitiesPerSecond, byProcessor: (records * 1e6) / processorUs };
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;
}

const sink = spawn(process.execPath, [join(import.meta.dirname, "sink.js")], { stdio: ["ignore", "pipe", "inherit"] });
try {
  const [address] = await once(sink.stdout, "data");
  const apiUrl = String(address).trim();
  // Keys would cost both alike.
  writeFileSync(join(folder, "things.yaml"), `duplicates: off\n${mappingText}`);
  await writeThings(join(folder, "things.csv"), records);
  await writeBook(join(folder, "things.xlsx"));
  const sources = ["things.csv", "things.xlsx"];
  const seen = new Map<string, Use[]>(sources.map((source) => [source, []]));
  for (let round = 0; round < rounds; round++)
    for (const source of sources) seen.get(source)?.push(await importOf(source, apiUrl));
  const rate = (source: string, by: "byClock" | "byProcessor"): string => {
    const of = (name: string): number => median(seen.get(name)?.map((use) => use[by]) ?? []);
    return `${Math.round(of(source)).toLocaleString("en")} (${(of(source) / of("things.csv")).toFixed(2)} × CSV)`;
  };
  for (const source of sources) {
    const peak = Math.max(...(seen.get(source)?.map(({ peakMb }) => peakMb) ?? []));
    const mb = (statSync(join(folder, source)).size / 1e6).toFixed(1);
    console.log(`${source}: ${records.toLocaleString("en")} records of ${columns.length} columns, ${mb} MB`);
    console.log(`  peak ${peak.toFixed(0)} MB; ${peak <= most ? "holds" : "DOES NOT HOLD"}: at most ${most} MB`);
    console.log(
      `  entities/s by the clock ${rate(source, "byClock")}, by the processor's time ${rate(source, "byProcessor")}`,
    );
    if (peak > most) process.exitCode = 1;
  }
} finally {
  sink.kill();
  rmSync(folder, { recursive: true, force: true });
}
