import { cpSync, readdirSync, rmSync } from "node:fs";
import { createServer, request as forward, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type Clock, realClock } from "../../src/api/clock.js";
import type { Emulator } from "../../src/emulator/emulator.js";

/** Tells the request at which a gate is cut; `ordinal` counts from 1. */
export type IsCut = (request: { readonly ordinal: number; readonly path: string; readonly body: string }) => boolean;

/** A way to an emulator that a test can look through and cut. */
export interface Gate {
  readonly url: string;
  /** Requests since the gate was last opened. */
  readonly passed: number;
  readonly isCut: boolean;
  /** Identifiers that the first page of a prune's scan gives besides. */
  staleScans: readonly string[];
  /** True where a prune's scan finds everything. */
  ignoresQueries: boolean;
  /** Called with each request before it is passed on. */
  onRequest: (method: string, path: string, body: string) => void | Promise<void>;
  /** From that request on nothing is answered; it itself may still be done. */
  cutAt(isIt: IsCut, done: boolean, onCut: () => void): void;
  /** Lets everything through again. */
  open(): void;
}

/** Opens a gate before an emulator, which closes with the test. @param clock - the emulator's, so that its replies say its time */
export async function openGate(emulator: Pick<Emulator, "url">, clock: () => number = Date.now): Promise<Gate> {
  const { host, port } = new URL(emulator.url);
  let passed = 0;
  let cut: { isIt: IsCut; done: boolean; onCut: () => void } | undefined;
  let isCut = false;
  const server: Server = createServer(async (incoming, reply) => {
    const asked = await textOf(incoming);
    if (isCut) return void reply.destroy();
    passed++;
    const isLast = cut?.isIt({ ordinal: passed, path: incoming.url ?? "", body: asked }) === true;
    if (isLast) {
      isCut = true;
      if (cut?.done !== true) {
        cut?.onCut();
        return void reply.destroy();
      }
    }
    await gate.onRequest(incoming.method ?? "", incoming.url ?? "", asked);
    const body = isScan(asked) ? otherScan(asked) : asked;
    const headers = { ...incoming.headers, host, "content-length": Buffer.byteLength(body) };
    const passedOn = forward(
      { port, host: "127.0.0.1", method: incoming.method, path: incoming.url, headers },
      (from) => {
        if (isLast) {
          from.resume();
          cut?.onCut();
          return void reply.destroy();
        }
        reply.writeHead(from.statusCode ?? 500, { ...from.headers, date: new Date(clock()).toUTCString() });
        from.pipe(reply);
      },
    );
    passedOn.end(body);
  });
  const otherScan = (body: string): string => {
    if (gate.ignoresQueries) return body.replace(/"rules":\[.*?\]/, '"rules":[]');
    if (gate.staleScans.length === 0) return body;
    const more = { property: "$identifier", operator: "in", value: gate.staleScans };
    return body.replace('"rules":[', `"rules":[${JSON.stringify(more)},`);
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const gate: Gate = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    get passed() {
      return passed;
    },
    get isCut() {
      return isCut;
    },
    staleScans: [],
    ignoresQueries: false,
    onRequest: () => undefined,
    cutAt(isIt, done, onCut) {
      cut = { isIt, done, onCut };
    },
    open() {
      passed = 0;
      cut = undefined;
      isCut = false;
    },
  };
  return gate;
}

/** Whether a body is the search of a prune for what is owned. */
function isScan(body: string): boolean {
  return body.includes('"combinator":"or"');
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  let text = "";
  for await (const part of incoming) text += String(part);
  return text;
}

/** Waits pass at once. */
export const hurried: Clock = { ...realClock, sleep: async (_ms, signal) => signal?.throwIfAborted() };

/** Copies a state folder as it is on disk at this moment. */
export function keepImage(stateDir: string, image: string): void {
  rmSync(image, { recursive: true, force: true });
  cpSync(stateDir, image, { recursive: true });
}

/** Puts a state folder back to an image of it, as if what came after had never been: the lock is that of a process that is dead. */
export function restoreImage(stateDir: string, image: string): void {
  rmSync(stateDir, { recursive: true, force: true });
  cpSync(image, stateDir, { recursive: true });
  for (const name of readdirSync(stateDir)) if (name.endsWith(".lock")) rmSync(join(stateDir, name));
}
