/**
 * Reads other people's CSV files and compares them with what Python's csv module gives: right, right except for rejected rows, refused with a message, wrong.
 *
 *     npm run corpus -- <folder>
 *
 * Every .csv and .tsv of the folder and those within is read as an import reads it; a question is answered by its likeliest answer, but that columns of one name are numbered. Python reads it in the dialect
 * that this settled on, so that what is compared is how rows and cells are cut. Exit code 1 if a file is wrong. Test data of DuckDB, Miller and csv-parse is a
 * good corpus; none of it is in this repository.
 */
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";
import { readSource, settleSource } from "../src/read/read.js";
import type { Receipt } from "../src/read/receipt.js";
import type { Cell } from "../src/record.js";
import type { Answer, SourceOptions } from "../src/source-options.js";

/** Answers each line, a task, with the rows of a CSV by the line on which each begins. Lines of comments and blank ones are none. */
const oracle = `
import csv, json, sys
csv.field_size_limit(1 << 30)
def rows_of(task):
    with open(task["path"], encoding=task["encoding"], newline="") as file:
        lines = list(file)
    lines = lines[task["skip"]:]
    quote = task["quote"]
    reader = csv.reader(lines, delimiter=task["delimiter"], quotechar=quote, quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        escapechar=task["escape"], doublequote=not task["escape"], skipinitialspace=task["trim"])
    rows, before = [], 0
    for cells in reader:
        rows.append([task["skip"] + before + 1, cells])
        before = reader.line_num
    return rows
for line in sys.stdin:
    try:
        answer = {"rows": rows_of(json.loads(line))}
    except Exception as error:
        answer = {"error": repr(error)}
    print(json.dumps(answer), flush=True)
`;

interface Row {
  readonly line: number;
  readonly cells: readonly string[];
}

interface Judged {
  readonly file: string;
  readonly is: "right" | "with rejects" | "no table" | "refused" | "wrong" | "not compared";
  readonly why: string;
}

const folder = process.argv[2];
if (folder === undefined) throw new Error("name a folder of CSV files");
const python = spawn("python3", ["-c", oracle], { stdio: ["pipe", "pipe", "inherit"] });
const answers = createInterface({ input: python.stdout })[Symbol.asyncIterator]();

/** Reads a file as an import does. */
async function read(path: string) {
  const source = { index: 0, kind: "rows", path, name: relative(folder ?? "", path) };
  let asked = 0;
  const ask = async (_name: string, { answers }: { readonly answers: readonly Answer[] }) =>
    asked++ < 4 ? (answers.find(({ csv }) => csv?.repeatedColumns === "number") ?? answers[0]) : undefined;
  const { options, receipt } = await settleSource(source, {}, {}, ask);
  const records: Row[] = [];
  const rejects: { readonly code: string; readonly line: number }[] = [];
  for await (const chunk of readSource(source, options)) {
    for (const { at, cells = [] } of chunk.items)
      records.push({ line: at.line ?? 0, cells: cells.map((cell) => text(cell, options)) });
    for (const { code, at } of chunk.rejects) rejects.push({ code, line: at.line ?? 0 });
  }
  return { options, receipt, asked, records, rejects };
}

/** Python has no null: behind an escape character it reads the N of one. */
function text(cell: Cell, { csv }: SourceOptions): string {
  return Array.isArray(cell) ? cell.join("\u0000") : String(cell ?? (csv?.escape === undefined ? "" : "N"));
}

/** What Python makes of the file in the dialect that was settled on; the rows after the header. */
async function expected(
  path: string,
  options: SourceOptions,
  { dialect, encoding }: Receipt,
): Promise<readonly Row[] | undefined> {
  const { csv = {} } = options;
  const { delimiter = ",", quote = '"' } = dialect ?? {};
  if (delimiter.length > 1 || csv.comment !== undefined) return undefined;
  const task = {
    path,
    encoding: encoding.toLowerCase() === "utf-8" ? "utf-8-sig" : encoding,
    skip: csv.skipLines ?? 0,
    delimiter,
    quote,
    escape: csv.escape ?? null,
    trim: csv.trim ?? false,
  };
  python.stdin.write(`${JSON.stringify(task)}\n`);
  const answer = JSON.parse((await answers.next()).value) as { rows?: [number, string[]][]; error?: string };
  if (answer.rows === undefined) throw new Error(`Python: ${answer.error}`);
  const rows = answer.rows
    .map(([line, cells]): Row => ({ line, cells }))
    .filter(({ cells }) => cells.length > 0 && !(cells.length === 1 && cells[0] === ""));
  return csv.header === false ? rows : rows.slice(1);
}

/** Cells as both have them: `="x"` is x, an empty cell after the last column is none, and a backslash that escapes nothing, which Python leaves out, is not looked at. */
function comparable(cells: readonly string[], width: number, { csv }: SourceOptions): string {
  const kept = [...cells];
  while (kept.length > width && kept.at(-1) === "") kept.pop();
  while (kept.length < width) kept.push("");
  return JSON.stringify(
    kept.map((cell) => {
      const bare = csv?.escape === "\\" ? cell.replaceAll("\\", "") : cell;
      const plain = /^="(.*)"$/s.exec(bare)?.[1]?.replaceAll('""', '"') ?? bare;
      return csv?.trim === true ? plain.trim() : plain;
    }),
  );
}

async function judge(path: string): Promise<Judged> {
  const file = relative(folder ?? "", path);
  try {
    const { options, receipt, asked, records, rejects } = await read(path);
    if (receipt === undefined || (receipt.format !== "csv" && receipt.format !== "tsv"))
      return { file, is: "no table", why: receipt?.format ?? "" };
    const rows = await expected(path, options, receipt);
    if (rows === undefined) return { file, is: "not compared", why: "Python has no such dialect" };
    const width = receipt.columns?.length ?? 0;
    const byLine = new Map(rows.map(({ line, cells }) => [line, comparable(cells, width, options)]));
    const ours = records.map(({ line, cells }) => [line, comparable(cells, width, options)] as const);
    const other = ours.find(([line, cells]) => byLine.has(line) && byLine.get(line) !== cells);
    if (other !== undefined)
      return { file, is: "wrong", why: `line ${other[0]}: ${other[1]} is ${byLine.get(other[0])}` };
    const codes = [...new Set(rejects.map(({ code }) => code))].join(", ");
    const lost = rows.length - records.length - rejects.length;
    if (rejects.length > 0 && lost > 0) return { file, is: "wrong", why: `${lost} of ${rows.length} rows are lost` };
    if (rejects.length > 0) return { file, is: "with rejects", why: `${rejects.length} of ${rows.length}: ${codes}` };
    if (ours.length !== rows.length) return { file, is: "wrong", why: `${ours.length} records, ${rows.length} rows` };
    return { file, is: "right", why: asked === 0 ? "" : "after a question" };
  } catch (error) {
    const { name, message } = error as Error;
    const isRefused = name === "SourceError";
    return { file, is: isRefused ? "refused" : "wrong", why: message.replace(`${file}: `, "").slice(0, 160) };
  }
}

try {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[ct]sv$/i.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const judged: Judged[] = [];
  for (const path of files) judged.push(await judge(path));
  for (const is of ["wrong", "refused", "with rejects", "not compared", "no table"] as const)
    for (const { file, why } of judged.filter((each) => each.is === is)) console.log(`${is}  ${file}: ${why}`);
  const count = (is: Judged["is"]): number => judged.filter((each) => each.is === is).length;
  const asked = judged.filter(({ is, why }) => is === "right" && why !== "").length;
  console.log(
    `${judged.length} files: ${count("right")} right (${asked} after a question), ${count("with rejects")} right except for rejected rows, ${count("refused")} refused, ${count("no table")} no table, ${count("not compared")} not compared, ${count("wrong")} wrong`,
  );
  if (count("wrong") > 0) process.exitCode = 1;
} finally {
  python.stdin.end();
}
