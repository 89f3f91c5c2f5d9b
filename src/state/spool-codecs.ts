import type { ClearedField, Entity, EntityBody } from "../entity.js";
import type { Deferred } from "../outcome.js";
import type { Place, Span } from "../record.js";
import type { Codec } from "./spool.js";

/** An entity as a line of a spool; its body is the text that will be sent, not encoded again. */
export const entityCodec: Codec<Entity> = {
  encode(entity) {
    const { at, span, resource, item, key, bytes, json, clears } = entity;
    const place = at.line === undefined ? [at.source, at.position] : [at.source, at.position, at.line];
    const head = JSON.stringify([
      place,
      span === undefined ? null : [span.start, span.end],
      resource,
      item,
      [key.blueprint, key.identifier],
      bytes,
      ...(clears === undefined ? [] : [clears]),
    ]);
    return `{"head":${head}${bodyStart}${json}}`;
  },
  decode(line) {
    const { head, body } = JSON.parse(line) as { head: Head; body: EntityBody };
    const [[source, position, lineOfRecord], span, resource, item, [blueprint, identifier], bytes, clears] = head;
    const at: Place = lineOfRecord === undefined ? { source, position } : { source, position, line: lineOfRecord };
    // a quote within a JSON text is always escaped, so the first match is the key of the body
    const json = line.slice(line.indexOf(bodyStart) + bodyStart.length, -1);
    const place = span === null ? { at } : { at, span: { start: span[0], end: span[1] } satisfies Span };
    const entity = { ...place, resource, item, key: { blueprint, identifier }, body, json, bytes };
    return clears === undefined ? entity : { ...entity, clears };
  },
};

/** An entity whose relations, or which itself, waits for the second write, as a line of a spool. */
export const deferredCodec: Codec<Deferred> = {
  encode({ entity, first, waiting }) {
    return `${JSON.stringify({ first, waiting })}\t${entityCodec.encode(entity)}`;
  },
  decode(line) {
    // JSON escapes tabs, so the first one is ours
    const tab = line.indexOf("\t");
    const wait = JSON.parse(line.slice(0, tab)) as Omit<Deferred, "entity" | "is">;
    return { is: "deferred", entity: entityCodec.decode(line.slice(tab + 1)), ...wait };
  },
};

type Head = [
  at: [source: number, position: number, line?: number],
  span: [start: number, end: number] | null,
  resource: number,
  item: number,
  key: [blueprint: string, identifier: string],
  bytes: number,
  clears?: readonly ClearedField[],
];

const bodyStart = ',"body":';
