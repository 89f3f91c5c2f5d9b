/** Whether a path is an http(s) address. */
export function isUrl(path: string): boolean {
  return /^https?:\/\//i.test(path);
}

/** What people see of a path: itself, `stdin`, or a URL without userinfo, query and fragment. */
export function nameOf(path: string): string {
  if (path === "-") return "stdin";
  if (!isUrl(path)) return path;
  if (!URL.canParse(path)) return path.replace(/[?#].*$/s, "").replace(/\/\/.*@/, "//");
  const { origin, pathname } = new URL(path);
  return origin + pathname;
}
