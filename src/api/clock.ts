/** Time as requests see it; tests pass one that they move by hand. */
export interface Clock {
  /** Milliseconds since the epoch, as the wall clock had it when the process started: setting that clock since changes nothing, so that no wait depends on it. */
  now(): number;
  /**
   * Resolves after `ms` milliseconds.
   * @throws the signal's reason, when it is aborted before or during the wait
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Milliseconds that only ever grow. By `process` and not by `performance`, which takes longer to load than to send a request. */
function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

const startedAtMs = Date.now() - monotonicMs();

/** The machine's clock. A sleep keeps the process alive: somebody waits for it. */
export const realClock: Clock = {
  now: () => startedAtMs + monotonicMs(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      }, ms);
      signal?.addEventListener("abort", onAbort, { once: true });
    }),
};
