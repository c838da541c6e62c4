// Writes docs/images/*.png from a demo: MILLRACE_BINARY=build/release/millrace node tests/browser/screenshots.mjs [SECONDS]
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { launch } from "./browser.mjs";
import { binary, DemoServer } from "./server.mjs";

if (!binary) throw new Error("MILLRACE_BINARY names no server binary");

/** How long the demo gathers before the pictures are taken. */
const gather = Number(process.argv[2] ?? 300) * 1000;
const images = fileURLToPath(new URL("../../docs/images/", import.meta.url));

const PICTURES = [
  { name: "shop-dark", path: "/d/shop?range=5m", theme: "dark", width: 1440, height: 980 },
  { name: "shop-light", path: "/d/shop?range=5m", theme: "light", width: 1440, height: 980 },
  { name: "machine-dark", path: "/d/machine?range=5m", theme: "dark", width: 1440, height: 980 },
  { name: "machine-light", path: "/d/machine?range=5m", theme: "light", width: 1440, height: 980 },
  { name: "shop-1024", path: "/d/shop?range=5m", theme: "light", width: 1024, height: 980 },
  { name: "phone-dark", path: "/d/shop?range=5m", theme: "dark", width: 390, height: 844 },
  { name: "phone-light", path: "/d/machine?range=5m", theme: "light", width: 390, height: 844 },
];

const server = await DemoServer.start();
const browser = await launch();
try {
  await mkdir(images, { recursive: true });
  await new Promise((resolve) => setTimeout(resolve, gather));
  for (const { name, path, theme, width, height } of PICTURES) {
    const phone = width < 500;
    const context = await browser.newContext({
      viewport: { width, height },
      colorScheme: theme,
      deviceScaleFactor: phone ? 2 : 1,
      isMobile: phone,
      hasTouch: phone,
    });
    const page = await context.newPage();
    await page.goto(server.url + path);
    await page.waitForTimeout(6000);
    await page.screenshot({ path: `${images}${name}.png` });
    console.log(`${name}.png`);
    await context.close();
  }
} finally {
  await browser.close();
  await server.stop();
}
