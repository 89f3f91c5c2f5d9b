import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, onTestFinished } from "vitest";

/** What is waited for comes for certain; on a machine that others use, too, it takes its time. */
const patience = 120_000;

/** Has a file's tests use one browser; gives what opens a page of it, which closes with the test. */
export function useBrowser(): (options: BrowserContextOptions) => Promise<Page> {
  let browser: Browser;
  beforeAll(async () => {
    // The background's requests of a browser of its own would be refused one by one where there is no network.
    const args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"];
    browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args, timeout: patience });
  }, patience);
  afterAll(() => browser.close());
  return async (options) => {
    const page = await browser.newPage(options);
    onTestFinished(() => page.close());
    page.setDefaultTimeout(patience);
    return page;
  };
}
