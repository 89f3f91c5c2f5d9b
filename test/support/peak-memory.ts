/**
 * JavaScript that gives the peak memory of the process that it runs in, in megabytes. On Linux as of the program itself: `resourceUsage().maxRSS` begins with what its parent held when it was made.
 */
export const peakMegabytes = `(() => {
  const { readFileSync } = process.getBuiltinModule("node:fs");
  const kibibytes = process.platform === "linux" ? /VmHWM:\\s+(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1] : process.resourceUsage().maxRSS;
  return Number(kibibytes) / 1024;
})()`;
