/** One thing that the doctor looked at. */
export interface Check {
  /** One word: address, proxy, tls, token, limits, clock, blueprint … */
  readonly name: string;
  /** `fault`: an import cannot work; `warning`: it may; `note`: nothing was looked at. */
  readonly is: "ok" | "warning" | "fault" | "note";
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
}

/** Makes checks of one name. */
export function checksOf(name: string) {
  const make =
    (is: Check["is"]) =>
    (message: string, hint?: string): Check => ({ name, is, message, ...(hint !== undefined && { hint }) });
  return { ok: make("ok"), warning: make("warning"), fault: make("fault"), note: make("note") };
}
