import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { root } from "./catalog.js";
import { type SheetXml, workbook } from "./workbook.js";

/** Runs a command line of a page in a folder, and gives what it prints, with what differs from run to run replaced. */
async function runsAside(command: string, folder: string, env: Readonly<Record<string, string>>): Promise<string> {
  const program = `portload() { "${process.execPath}" "${join(root, "dist/cli/main.js")}" "$@"; }`;
  const shell = spawn("sh", ["-c", `exec 2>&1\n${program}\n${command}`], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, ...env },
  });
  let text = "";
  shell.stdout.on("data", (block: Buffer) => {
    text += block.toString();
  });
  shell.stdin.end();
  await once(shell, "close");
  return text
    .replaceAll(/\d{8}T\d{9}Z-[0-9a-f]{4}/g, "20261201T040000000Z-a1b2")
    .replaceAll(/(requests +\d+) in .*/g, "$1 in 0.3 s")
    .replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:4455")
    .replaceAll(/\d+(?:\.\d+)? (?:ms|s)(?=\b)/g, (time) => (time === "0.3 s" ? time : "0.3 s"));
}

/** Writes the files that a page gives: `<!-- file name -->` above a block, or `<!-- sheet book.xlsx Name -->` above the rows of a sheet. */
export async function writeFilesOf(page: string, folder: string): Promise<void> {
  for (const [, name = "", text = ""] of page.matchAll(/<!-- file (\S+) -->\n```\w+\n([\s\S]*?)```/g)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  const books = new Map<string, SheetXml[]>();
  for (const [, book = "", sheet = "", text = ""] of page.matchAll(
    /<!-- sheet (\S+) (\S+) -->\n```\w+\n([\s\S]*?)```/g,
  )) {
    const rows = text.trim().split("\n");
    const sheets = books.get(book) ?? [];
    books.set(book, [...sheets, { name: sheet, rows: rows.map((row, at) => rowXml(at + 1, row.split(","))).join("") }]);
  }
  for (const [book, sheets] of books)
    await writeFile(join(folder, book), workbook(sheets, { formats: ["yyyy-mm-dd"] }));
}

const epoch = Date.UTC(1899, 11, 30);
const dayMs = 86_400_000;

/** A row of cells as Excel keeps them: numbers, dates as days, texts. */
function rowXml(number: number, cells: readonly string[]): string {
  const xml = cells.map((text, at) => {
    const place = `r="${String.fromCharCode(65 + at)}${number}"`;
    if (/^\d+$/.test(text)) return `<c ${place}><v>${text}</v></c>`;
    if (/^\d{4}-\d\d-\d\d$/.test(text)) return `<c ${place} s="1"><v>${(Date.parse(text) - epoch) / dayMs}</v></c>`;
    return `<c ${place} t="inlineStr"><is><t>${text}</t></is></c>`;
  });
  return `<row r="${number}">${xml.join("")}</row>`;
}

/** A page with what its console blocks print, run one after the other in a folder. */
export async function shownBy(page: string, folder: string, env: Readonly<Record<string, string>>): Promise<string> {
  let shown = "";
  let from = 0;
  for (const block of page.matchAll(/```console\n([\s\S]*?)```/g)) {
    const commands = [...(block[1] as string).matchAll(/^\$ (.*)$/gm)].map(([, command]) => command as string);
    let inside = "";
    for (const command of commands) inside += `$ ${command}\n${await runsAside(command, folder, env)}`;
    shown += `${page.slice(from, block.index)}\`\`\`console\n${inside}\`\`\``;
    from = block.index + block[0].length;
  }
  return shown + page.slice(from);
}
