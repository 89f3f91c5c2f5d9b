import type { Socket } from "node:net";
import { Refusal } from "./refusal.js";
import { traceId } from "./trace-id.js";

const phrases: Readonly<Record<string, readonly [status: number, phrase: string]>> = {
  HPE_HEADER_OVERFLOW: [431, "Request Header Fields Too Large"],
  ERR_HTTP_REQUEST_TIMEOUT: [408, "Request Timeout"],
};

/** Answers what is no HTTP request, which no route and no hook ever sees, on its socket: the common envelope, `X-Trace-Id`, and the end of the connection. */
export function refuseUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, phrase] = phrases[error.code ?? ""] ?? [400, "Bad Request"];
  const body = JSON.stringify(new Refusal(status, "bad_request", `The request cannot be read: ${phrase}`).body);
  const head = [
    `HTTP/1.1 ${status} ${phrase}`,
    "Content-Type: application/json; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Trace-Id: ${traceId()}`,
    "Connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}
