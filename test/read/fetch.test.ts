import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { extractRecords } from "../../src/read/extract.js";
import { fetchBytes, nameOf } from "../../src/read/fetch.js";
import { gather } from "./read-text.js";

const folder = mkdtempSync(join(tmpdir(), "portload-fetch-"));
afterAll(() => rmSync(folder, { recursive: true }));

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** A server that answers each request by the next answer, the last one for all after it. */
async function serve(...answers: Answer[]) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answers[Math.min(requests.length, answers.length) - 1]?.(response, request);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { host: `127.0.0.1:${port}`, requests };
}

/** Waits that are over at once, and how long they were. */
function patience() {
  const waits: number[] = [];
  const sleep = async (ms: number): Promise<void> => {
    waits.push(ms);
  };
  return { waits, io: { sleep, random: () => 0.5 } };
}

async function download(address: string, io = {}): Promise<string> {
  const blocks: Buffer[] = [];
  for await (const block of fetchBytes(address, io)) blocks.push(block);
  return Buffer.concat(blocks).toString();
}

const text = "id,name\n1,a\n2,b\n";
const whole: Answer = (response) => response.end(text);
const status =
  (code: number, headers = {}): Answer =>
  (response) =>
    response.writeHead(code, headers).end("no");
/** Half of the text, then the connection breaks. */
const half: Answer = (response) => {
  response.writeHead(200, { "content-length": text.length });
  response.write(text.slice(0, 9), () => setImmediate(() => response.destroy()));
};

describe("a source at an address", () => {
  it("is read, unpacked, and copied as it came", async () => {
    const packed = gzipSync(text);
    const { host } = await serve((response) => response.end(packed));
    const path = `http://${host}/things.csv.gz?token=secret`;
    const copyTo = join(folder, "copy");
    const source = { index: 0, kind: "thing", path, name: nameOf(path) };
    const { records, error } = await gather({}, { copyTo }, source);
    expect(error).toBeUndefined();
    expect(records.map(({ cells }) => cells)).toEqual([
      ["1", "a"],
      ["2", "b"],
    ]);
    expect(readFileSync(copyTo)).toEqual(packed);
    const parts: Uint8Array[] = [];
    const wanted = [{ position: 2, ...(records[1]?.span && { span: records[1].span }) }];
    for await (const part of extractRecords(source, {}, wanted, { path: copyTo })) parts.push(Buffer.from(part));
    expect(Buffer.concat(parts).toString()).toBe("id,name\n2,b\n");
  });

  it("is asked for again after faults that pass, waiting as long as the server says, else longer each time", async () => {
    const { host, requests } = await serve(status(503), status(429, { "retry-after": "7" }), status(500), whole);
    const { waits, io } = patience();
    expect(await download(`http://${host}/a.csv`, io)).toBe(text);
    expect(waits).toEqual([500, 7000, 2000]);
    expect(requests.length).toBe(4);
  });

  it("continues where the connection broke", async () => {
    const { host, requests } = await serve(half, half, whole);
    expect(await download(`http://${host}/a.csv`, patience().io)).toBe(text);
    expect(requests.length).toBe(3);
  });

  it("is refused when it is another one the second time", async () => {
    const { host } = await serve(half, (response) => response.end(text.replace("id", "no")));
    const { io } = patience();
    await expect(download(`http://${host}/a.csv`, io)).rejects.toMatchObject({
      name: "SourceError",
      message: expect.stringContaining("changed while it was downloaded"),
    });
  });

  it("gives up after five attempts", async () => {
    const { host, requests } = await serve(status(502));
    await expect(download(`http://${host}/a.csv`, patience().io)).rejects.toMatchObject({
      name: "SourceError",
      message: `http://${host}/a.csv: cannot be downloaded, after 5 attempts: status 502`,
    });
    expect(requests.length).toBe(5);
  });

  it.each([401, 403, 404, 410])("is not asked for again after status %i", async (code) => {
    const { host, requests } = await serve(status(code));
    await expect(download(`http://${host}/a.csv`, patience().io)).rejects.toMatchObject({ name: "SourceError" });
    expect(requests.length).toBe(1);
  });

  it("shows neither userinfo nor query, and sends the one as basic authentication to its origin only", async () => {
    const other = await serve(whole);
    const { host, requests } = await serve((response) =>
      response.writeHead(302, { location: `http://${other.host}/elsewhere.csv?signed=s3cret` }).end(),
    );
    expect(await download(`http://me:p%40ss@${host}/a.csv?key=s3cret#part`)).toBe(text);
    expect(requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from("me:p@ss").toString("base64")}`);
    expect(requests[0]?.url).toBe("/a.csv?key=s3cret");
    expect(other.requests[0]?.headers.authorization).toBeUndefined();

    const refusing = await serve(status(404));
    const error = await download(`http://me:s3cret@${refusing.host}/a.csv?key=s3cret`).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ message: `http://${refusing.host}/a.csv: cannot be downloaded: status 404` });
    expect(JSON.stringify([error, String(error), (error as Error).stack])).not.toContain("s3cret");
  });

  it("follows no redirect to another kind of address, and no more than five", async () => {
    const file = await serve((response) => response.writeHead(301, { location: "file:///etc/passwd" }).end());
    await expect(download(`http://${file.host}/a`)).rejects.toMatchObject({ name: "SourceError" });
    const round = await serve((response) => response.writeHead(307, { location: "/a" }).end());
    await expect(download(`http://${round.host}/a`)).rejects.toMatchObject({ name: "SourceError" });
    expect(round.requests.length).toBe(6);
  });

  it("that is a sign-in page is refused as HTML", async () => {
    const { host } = await serve((response) => response.end("<html><body>Sign in</body></html>"));
    const path = `http://${host}/things.csv`;
    const { error } = await gather({}, {}, { index: 0, kind: "thing", path, name: path });
    expect(error).toMatchObject({ name: "SourceError", message: `${path}: is an HTML page` });
  });

  it("ends with the signal's reason", async () => {
    const controller = new AbortController();
    const { host } = await serve((response) => {
      response.write(text);
      setImmediate(() => controller.abort(new Error("enough")));
    });
    await expect(download(`http://${host}/a.csv`, { signal: controller.signal })).rejects.toThrow("enough");
  });
});
