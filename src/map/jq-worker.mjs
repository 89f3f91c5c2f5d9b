// The thread that runs jq: one program over one input at a time, nothing else.
import { parentPort } from "node:worker_threads";
import { loadJq } from "jq-wasm";

/**
 * @typedef {{ readonly id: number, readonly program: string, readonly input: string }} Job
 * @typedef {{ readonly id: number, readonly stdout: string, readonly stderr: string, readonly exitCode: number }} Done
 * @typedef {{ readonly id: number, readonly broken: string }} Broken
 */

const port = parentPort;
if (port === null) throw new Error("jq-worker runs only as a worker thread");
const jq = await loadJq();

port.on("message", (/** @type {Job} */ { id, program, input }) => {
  try {
    port.postMessage({ id, ...jq.raw(input, program, ["-c"]) });
  } catch (error) {
    // After a RuntimeError or Aborted the instance is poisoned: the thread ends, and with it the instance.
    port.postMessage({ id, broken: String(error) });
    port.close();
  }
});
port.postMessage("ready");
