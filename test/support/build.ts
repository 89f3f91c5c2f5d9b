import { execFileSync } from "node:child_process";

/** Builds the package and its plain modules once before the suites, so that tests that spawn the program never run a stale one. `PORTLOAD_BUILT=1` says it is fresh. */
export default function build(): void {
  if (process.env.PORTLOAD_BUILT !== "1") execFileSync("npm", ["run", "--silent", "bench:build"], { stdio: "inherit" });
}
