/** Whether a host, as an address names it, is this machine alone: `localhost`, `127.0.0.1`, `[::1]` and their like. */
export function isLoopback(host: string): boolean {
  return /^(?:(?:.+\.)?localhost\.?|127(?:\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);
}

/** Where the emulator listens if it is not told otherwise. */
export const emulatorPort = 4455;
