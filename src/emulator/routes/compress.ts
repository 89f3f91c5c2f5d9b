import { brotliCompress, constants, deflate, gzip } from "node:zlib";
import type { FastifyReply, FastifyRequest } from "fastify";

/** Packs the reply for those who say that they take it so; the last step before it is sent. Port's API description: replies of both searches "can be compressed". */
export function compress(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  done: (error: Error | null, payload?: unknown) => void,
): void {
  reply.header("vary", "accept-encoding");
  const coding = reply.statusCode === 200 ? codingFor(request.headers["accept-encoding"]) : undefined;
  if (coding === undefined || typeof payload !== "string") {
    done(null, payload);
    return;
  }
  reply.header("content-encoding", coding);
  reply.removeHeader("content-length");
  codings[coding](payload, done);
}

type Pack = (text: string, done: (error: Error | null, packed?: Buffer) => void) => void;

/** What replies can be packed with, the preferred one first. */
const codings = {
  gzip,
  br: (text, done) => brotliCompress(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }, done),
  deflate,
} satisfies Readonly<Record<string, Pack>>;

type Coding = keyof typeof codings;

/** Gives the coding of the highest weight; none where it is only `identity`, or any with the weight nought. */
function codingFor(accepted: string | readonly string[] | undefined): Coding | undefined {
  const weights = new Map<string, number>();
  for (const part of String(accepted ?? "")
    .toLowerCase()
    .split(",")) {
    const [name = "", ...parameters] = part.split(";").map((text) => text.trim());
    const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
    weights.set(name, weight === undefined ? 1 : Number(weight));
  }
  const weightOf = (coding: string): number => weights.get(coding) ?? weights.get("*") ?? 0;
  const [best] = (Object.keys(codings) as Coding[]).sort((a, b) => weightOf(b) - weightOf(a));
  return best !== undefined && weightOf(best) > 0 ? best : undefined;
}
