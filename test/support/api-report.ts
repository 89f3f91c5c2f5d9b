import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Extractor, ExtractorConfig, type ExtractorMessage } from "@microsoft/api-extractor";
import { makeFolder, root } from "./catalog.js";

/** Release tags are not used here; what has a name that says all needs no comment. */
const unminded: readonly string[] = ["ae-missing-release-tag", "ae-undocumented"];

/** What of a package's declarations is public, as one text, and what is wrong with it: types that a caller meets and cannot name. */
export async function apiReport(
  name: string,
  declarations: string,
): Promise<{ readonly text: string; readonly faults: readonly string[] }> {
  const folder = await makeFolder();
  await mkdir(join(folder, "report"));
  const faults: string[] = [];
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: join(root, declarations),
      compiler: { overrideTsconfig: { compilerOptions: { ...options, types: ["node"] }, include: [declarations] } },
      apiReport: {
        enabled: true,
        reportFileName: name,
        reportFolder: join(folder, "report"),
        reportTempFolder: folder,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: "lf",
      messages: {
        compilerMessageReporting: { default: { logLevel: "warning" } },
        extractorMessageReporting: { default: { logLevel: "warning" } },
        // Comments are for people who hover, and follow no markup.
        tsdocMessageReporting: { default: { logLevel: "none" } },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, "package.json"),
  } as Parameters<typeof ExtractorConfig.prepare>[0]);
  Extractor.invoke(config, {
    localBuild: true,
    messageCallback(message: ExtractorMessage) {
      message.handled = true;
      const { category, logLevel, messageId, text } = message;
      if (category === "console" || (logLevel !== "warning" && logLevel !== "error")) return;
      if (!unminded.includes(messageId)) faults.push(`${messageId}: ${text}`);
    },
  });
  return { text: await readFile(join(folder, "report", `${name}.api.md`), "utf8"), faults };
}

const options = {
  target: "es2022",
  lib: ["es2022"],
  module: "nodenext",
  moduleResolution: "nodenext",
  strict: true,
  skipLibCheck: true,
  exactOptionalPropertyTypes: true,
};
