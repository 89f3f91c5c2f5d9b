import { createReadStream, createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { EnvironmentError } from "../errors.js";
import { addEntity, compileRules } from "./catalog.js";
import { type Catalog, isObject, type Shelf, type StoredBlueprint, type StoredEntity } from "./model.js";

/** Says that a file is a snapshot, and of which form. */
const header = { portloadSnapshot: 1 };
/** Text that is written in one go; a line by itself would cost a system call. */
const chunkCharacters = 256 * 1024;

/**
 * Writes all blueprints and entities as NDJSON, packed when the name ends in `.gz`. The file takes its name when it is whole, so a stop that fails leaves the
 * old one.
 *
 * @throws {Error} when the file cannot be written
 */
export async function writeSnapshot(catalog: Catalog, file: string): Promise<void> {
  const partial = `${file}.partial`;
  try {
    const chunks = Readable.from(chunked(linesOf(catalog)), { objectMode: false, highWaterMark: chunkCharacters });
    const out = createWriteStream(partial);
    await (file.endsWith(".gz") ? pipeline(chunks, createGzip({ level: 1 }), out) : pipeline(chunks, out));
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/**
 * Puts what a snapshot holds into a catalog: its blueprints take the place of those of the same identifier, which must have no entities.
 *
 * @returns false when there is no such file
 * @throws {EnvironmentError} when the file cannot be read, is not a snapshot, or breaks off
 */
export async function readSnapshot(catalog: Catalog, file: string): Promise<boolean> {
  let number = 0;
  try {
    const source = createReadStream(file);
    const unpacked = file.endsWith(".gz") ? source.pipe(createGunzip()) : source;
    source.on("error", (error) => unpacked.destroy(error));
    let shelf: Shelf | undefined;
    for await (const line of createInterface({ input: unpacked, crlfDelay: Number.POSITIVE_INFINITY })) {
      number += 1;
      shelf = takeLine(catalog, shelf, JSON.parse(line), number);
    }
    if (shelf !== undefined || number === 0) throw new Error("it ends before its last line");
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return false;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EnvironmentError(`${file}, line ${number}: no snapshot of an emulator: ${reason}`, {
      hint: "Name another file, or take it away to start with an empty catalog.",
      cause,
    });
  }
}

function* linesOf(catalog: Catalog): Generator<string> {
  yield JSON.stringify(header);
  for (const shelf of catalog.shelves.values()) {
    yield JSON.stringify({ blueprint: shelf.blueprint });
    for (const entity of shelf.order) {
      if (entity.deleted) continue;
      const { deleted: _, ...kept } = entity;
      yield JSON.stringify(kept);
    }
  }
  yield JSON.stringify({ end: true, nextId: catalog.nextId });
}

function* chunked(lines: Iterable<string>): Generator<Buffer> {
  let held = "";
  for (const line of lines) {
    held += `${line}\n`;
    if (held.length < chunkCharacters) continue;
    yield Buffer.from(held);
    held = "";
  }
  yield Buffer.from(held);
}

// Gives the shelf that the next entities belong to; `undefined` after the last line.
function takeLine(catalog: Catalog, shelf: Shelf | undefined, line: unknown, number: number): Shelf | undefined {
  if (!isObject(line)) throw new Error("not an object");
  if (number === 1) {
    if (line.portloadSnapshot !== header.portloadSnapshot) throw new Error("its first line is not that of one");
    return undefined;
  }
  if (line.end === true) {
    catalog.nextId = Math.max(catalog.nextId, Number(line.nextId));
    return undefined;
  }
  if (line.blueprint !== undefined) {
    const { blueprint } = line;
    if (!isBlueprint(blueprint)) throw new Error("a blueprint that is none");
    const fresh: Shelf = {
      blueprint,
      rules: compileRules(catalog, blueprint),
      entities: new Map(),
      order: [],
      referrers: new Map(),
    };
    catalog.shelves.set(blueprint.identifier, fresh);
    return fresh;
  }
  if (shelf === undefined) throw new Error("an entity before its blueprint");
  if (!isEntity(line)) throw new Error("an entity that is none");
  addEntity(shelf, restored(line));
  return shelf;
}

// By what tells them apart: the file is our own.
function isBlueprint(value: unknown): value is StoredBlueprint {
  return isObject(value) && typeof value.identifier === "string" && isObject(value.schema);
}

function isEntity(value: unknown): value is StoredEntity {
  return (
    isObject(value) && typeof value.identifier === "string" && isObject(value.properties) && isObject(value.relations)
  );
}

// Field by field in the order in which writes make entities, so that all of them are of one hidden class.
function restored(line: StoredEntity): StoredEntity {
  return {
    id: line.id,
    identifier: line.identifier,
    title: line.title,
    icon: line.icon,
    team: line.team.length === 0 ? none : line.team,
    properties: line.properties,
    relations: line.relations,
    createdAt: line.createdAt,
    updatedAt: line.updatedAt,
    createdBy: line.createdBy,
    updatedBy: line.updatedBy,
    datasource: line.datasource,
    writes: line.writes,
    deleted: false,
  };
}

const none: readonly string[] = [];
