import { chmodSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Parts of undici that no call of ours reaches: HTTP/2, which is off unless asked for; forms as bodies; SOCKS. They take as long to load as all the rest of it. */
const unreached = /undici[\\/]lib[\\/](?:dispatcher[\\/](?:client-h2|socks5-proxy-agent)|web[\\/]fetch[\\/]body)\.js$/;

/**
 * Node's own HTTP, of which undici's client takes the class of a request that is proxied as a body, which we never send, and the longest header, 16 KiB unless Node is told otherwise; and
 * the parser for machines without vector instructions, which is found in node_modules where it is needed.
 */
const builtInHttp = /undici[\\/]lib[\\/](?:core[\\/]util|dispatcher[\\/]client)\.js$/;

// The program in few files, which starts in a third of the time: no look-up of some thousand modules, nothing loaded that a command does not use.
// What is left out is loaded from node_modules: the emulator's server, and what loads files of its own.
await build({
  cwd: here(".."),
  input: {
    "cli/main": "src/cli/main.ts",
    index: "src/index.ts",
    emulator: "src/emulator/emulator.ts",
    "jq-worker": "src/map/jq-worker.mjs",
  },
  platform: "node",
  logLevel: "warn",
  // Bottleneck loads a Redis client in that way where it is given none; it is always given one.
  checks: { eval: false },
  external: [/^node:/, "fastify", "light-my-request", "jq-wasm", "ioredis", "re2js", "xxhash-wasm"],
  resolve: { alias: { undici: here("undici.mjs") } },
  plugins: [
    { name: "unreached", load: { filter: { id: unreached }, handler: () => "module.exports = undefined;" } },
    {
      name: "built-in-http",
      transform: {
        filter: { id: builtInHttp },
        handler: (code) => ({
          code: code.replace("require('node:http')", "({ IncomingMessage: class {}, maxHeaderSize: 16_384 })"),
          map: null,
        }),
      },
    },
    {
      name: "plain-parser",
      resolveId: {
        filter: { id: /llhttp-wasm\.js$/ },
        handler: () => ({ id: "undici/lib/llhttp/llhttp-wasm.js", external: true }),
      },
    },
  ],
  output: {
    dir: "dist",
    cleanDir: true,
    format: "esm",
    sourcemap: true,
    // Names stay, so that a stack can be read.
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
    entryFileNames: ({ name }) => (name === "jq-worker" ? "jq-worker.mjs" : "[name].js"),
    // What every command loads is one file, and what every command with a request loads another: a file takes a millisecond, whatever is in it.
    codeSplitting: {
      groups: [
        { name: "program", test: /src[\\/](?:cli[\\/]program|version)\.ts$/, priority: 2 },
        {
          name: "requests",
          test: /src[\\/]recipes[\\/](?:entity[\\/]get|run[\\/]client-options)\.ts$|src[\\/]api[\\/]client\.ts$/,
          priority: 1,
        },
      ],
    },
    // Beside the entries: a file that is found from `import.meta.url` is found from either.
    chunkFileNames: "[name]-[hash].js",
  },
});

// npm makes the program executable once, when it links it; a build writes it again.
chmodSync(here("../dist/cli/main.js"), 0o755);

// The studio's page: one file for the browser.
await build({
  cwd: here(".."),
  input: "src/studio/page/main.ts",
  platform: "browser",
  logLevel: "warn",
  output: { file: "dist/studio/page/page.js", format: "esm", minify: true },
});
