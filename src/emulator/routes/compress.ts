import { gzip } from "node:zlib";
import type { FastifyReply, FastifyRequest } from "fastify";

/** Packs the reply for those who say that they take it so; the last step before it is sent. Port's API description: replies of both searches "can be compressed". */
export function compress(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  done: (error: Error | null, payload?: unknown) => void,
): void {
  reply.header("vary", "accept-encoding");
  const takes = request.headers["accept-encoding"];
  if (reply.statusCode !== 200 || typeof payload !== "string" || typeof takes !== "string" || !packed.test(takes)) {
    done(null, payload);
    return;
  }
  reply.header("content-encoding", "gzip");
  reply.removeHeader("content-length");
  gzip(payload, done);
}

/** Gzip is named, and not with the weight nought. */
const packed = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i;
