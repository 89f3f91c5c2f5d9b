import { Worker } from "node:worker_threads";
import { InternalError } from "../errors.js";

/** What a run of jq came to: its output; `timeout` when it was ended; `broken` when it broke the engine (out of memory, too deep). */
export type JqReply =
  | { readonly is: "done"; readonly stdout: string; readonly stderr: string; readonly exitCode: number }
  | { readonly is: "timeout" }
  | { readonly is: "broken"; readonly message: string };

/** A thread that runs jq programs one after another, made again when one hangs or breaks it. */
export interface JqThread {
  /** Runs a program over an input. At most two wait inside the thread; the time of one, `limitMs`, begins when the one before has ended. */
  run(program: string, input: string, limitMs?: number): Promise<JqReply>;
  /** Ends the thread; what still runs is rejected with an InternalError. */
  close(): Promise<void>;
}

/** Starts nothing yet: the thread comes with the first run and holds no process open while idle. */
export function startJqThread(timeoutMs: number): JqThread {
  const waiting: ThreadJob[] = [];
  const flying: ThreadJob[] = [];
  let worker: Worker | undefined;
  let ready = false;
  let timer: NodeJS.Timeout | undefined;
  let timed: ThreadJob | undefined;
  let lastId = 0;
  let closed = false;

  function start(): Worker {
    const made = new Worker(new URL("./jq-worker.mjs", import.meta.url), {
      env: {},
      execArgv: [],
      stdout: true,
      stderr: true,
    });
    // jq-wasm prints on the console when it aborts; that stays unread, since reading would hold the process open.
    ready = false;
    made.on("message", (message: "ready" | ThreadAnswer) => {
      if (made === worker) answer(message);
    });
    made.on("error", (error) => {
      if (made === worker) replace({ is: "broken", message: String(error) });
    });
    made.on("exit", () => {
      if (made === worker) replace({ is: "broken", message: "the thread of jq ended" });
    });
    return made;
  }

  function answer(message: "ready" | ThreadAnswer): void {
    if (message === "ready") {
      ready = true;
      watch();
      return;
    }
    if ("broken" in message) {
      replace({ is: "broken", message: message.broken });
      return;
    }
    const job = flying.shift();
    if (job?.id !== message.id) throw new InternalError("jq answered out of order");
    job.resolve({ is: "done", stdout: message.stdout, stderr: message.stderr, exitCode: message.exitCode });
    pump();
  }

  /** Ends the thread, settles the job it was at, and lets the others run in a new one. */
  function replace(reply: JqReply): void {
    const old = worker;
    const wasReady = ready;
    worker = undefined;
    ready = false;
    void old?.terminate();
    const job = flying.shift();
    waiting.unshift(...flying.splice(0));
    // A thread that never started would be restarted without end.
    if (!wasReady && reply.is === "broken") job?.reject(new InternalError(`jq cannot be started: ${reply.message}`));
    else job?.resolve(reply);
    pump();
  }

  function pump(): void {
    if (closed) return;
    while (waiting.length > 0 && flying.length < 2) {
      worker ??= start();
      const job = waiting.shift() as ThreadJob;
      flying.push(job);
      worker.postMessage({ id: job.id, program: job.program, input: job.input });
    }
    if (flying.length > 0) worker?.ref();
    else worker?.unref();
    watch();
  }

  /** Times the job the thread is at. */
  function watch(): void {
    const job = ready ? flying[0] : undefined;
    if (job === timed) return;
    clearTimeout(timer);
    timed = job;
    if (job === undefined) return;
    timer = setTimeout(() => {
      // After a stall of this thread the answer may lie unread; it is read first.
      setImmediate(() => setImmediate(() => flying[0] === job && replace({ is: "timeout" })));
    }, job.limitMs);
  }

  return {
    run(program, input, limitMs = timeoutMs) {
      if (closed) return Promise.reject(new InternalError("jq was closed"));
      return new Promise((resolve, reject) => {
        lastId++;
        waiting.push({ id: lastId, program, input, limitMs, resolve, reject });
        pump();
      });
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      for (const job of [...flying.splice(0), ...waiting.splice(0)]) job.reject(new InternalError("jq was closed"));
      const old = worker;
      worker = undefined;
      await old?.terminate();
    },
  };
}

interface ThreadJob {
  readonly id: number;
  readonly program: string;
  readonly input: string;
  readonly limitMs: number;
  readonly resolve: (reply: JqReply) => void;
  readonly reject: (error: Error) => void;
}

type ThreadAnswer =
  | { readonly id: number; readonly stdout: string; readonly stderr: string; readonly exitCode: number }
  | { readonly id: number; readonly broken: string };
