// Makes the one script of the studio's page; the editor and all else that it needs are part of it.
import { build } from "rolldown";

await build({
  input: "src/studio/page/main.ts",
  platform: "browser",
  output: { file: "dist/studio/page/page.js", format: "esm", minify: true },
});
