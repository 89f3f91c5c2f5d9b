import { connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** The Redis that tests use. Its keys are named after the address of each test's API, so tests do not meet. */
export const redisUrl = process.env.PORTLOAD_TEST_REDIS ?? "redis://127.0.0.1:6379/15";

/** Whether it answers. With CI=true it must. */
export const hasRedis = await new Promise<boolean>((resolve) => {
  const { hostname, port } = new URL(redisUrl);
  const socket = connect(Number(port || 6379), hostname);
  const settle = (answers: boolean) => {
    socket.destroy();
    resolve(answers);
  };
  socket.setTimeout(2000, () => settle(false));
  socket.once("error", () => settle(false));
  socket.once("data", (data) => settle(data.toString().startsWith("+PONG")));
  socket.write("PING\r\n");
});

/** Why tests that need it are skipped, for their titles. */
export const withoutRedis = hasRedis ? "" : ` (skipped: no Redis answers at ${new URL(redisUrl).host})`;

/** A way to the Redis that can be cut, as if it went away. */
export async function redisBehindCut(): Promise<{ url: string; cut: () => void }> {
  const { hostname, port, pathname } = new URL(redisUrl);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(port || 6379), hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
    }
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(cut);
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { url: `redis://127.0.0.1:${address.port}${pathname}`, cut };
}
