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

/** The machine's clock. A sleep keeps the process alive: somebody waits for it. */
export const realClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
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
