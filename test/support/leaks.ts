const leaks: string[] = [];

process.on("warning", ({ name, message }) => {
  if (name === "MaxListenersExceededWarning") leaks.push(message);
});

/** Gives Node's warnings of listeners that are never removed, and forgets them. */
export function takeLeaks(): readonly string[] {
  return leaks.splice(0);
}
