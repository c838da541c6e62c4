// Debian's Chromium, driven by the playwright-core that web/ installs.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const fromWeb = createRequire(new URL("../../web/package.json", import.meta.url));
const { chromium } = await import(pathToFileURL(fromWeb.resolve("playwright-core")).href).then((module) => module.default ?? module);

export const launch = () =>
  chromium.launch({
    executablePath: process.env.MILLRACE_CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });

/** Violations of axe-core's rules, as text; run past the page's own content policy. */
export async function violations(page) {
  const axe = await readFile(fromWeb.resolve("axe-core/axe.min.js"), "utf8");
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const result = await window.axe.run(document, { resultTypes: ["violations"] });
    return result.violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.target.join(" ")).join("; ")}`);
  });
}

/** Waits for a condition in the page, evaluated again and again. */
export const until = (page, condition, argument, timeout = 20_000) => page.waitForFunction(condition, argument, { timeout, polling: 200 });
