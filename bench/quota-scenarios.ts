import type { Measured, Scenario } from "./quota-run.js";

/** The scenarios that must hold. @param redis - address of a Redis for those that share their pace through one */
export function scenariosOn(redis: string): readonly Scenario[] {
  const pace = ["--pace", redis];
  return [
    { name: "round trip 20 ms", roundTripMs: 20, imports: [[]] },
    { name: "round trip 200 ms", roundTripMs: 200, imports: [[]] },
    { name: "round trip 1,000 ms", roundTripMs: 1000, imports: [[]] },
    { name: "another client takes 40 %", roundTripMs: 200, imports: [[]], others: 0.4 },
    { name: "--quota-share 50%", roundTripMs: 200, imports: [["--quota-share", "50%"]] },
    { name: "two imports on one Redis", roundTripMs: 200, imports: [pace, pace] },
  ];
}

/**
 * Whether a scenario's figures are as they must be.
 *
 * @param grain - share that a request or two more or less make of what is allowed in the time measured; they arrive a little early or late
 */
export function isMet({ name, used, refused, refusedAfter, requests }: Measured, grain = 0.005): boolean {
  if (name.startsWith("another")) return refused / requests < 0.01;
  if (name.startsWith("--quota-share")) return used >= 0.47 - grain && used <= 0.53 + grain && refused === 0;
  // What was left of the burst comes on top; turns through Redis have none.
  const most = name.includes("Redis") ? 1 + grain : 1 + 3 * grain;
  const isFull = used >= 0.97 - grain && used <= most;
  return isFull && refusedAfter === 0 && (!name.includes("Redis") || refused === 0);
}
