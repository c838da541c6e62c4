// Cuts Inter down to the characters and weights that the page uses, so that it costs less than 25 KB.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import subsetFont from "subset-font";

const LIMIT = 25 * 1024;
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => String.fromCodePoint(from + i)).join("");
const characters = range(0x20, 0x7e) + "°±²³·×µÄÖÜßäöüéè–—‘’“”…−→←↑↓≤≥\u00a0";

const source = createRequire(import.meta.url).resolve("@fontsource-variable/inter/files/inter-latin-wght-normal.woff2");
const font = await subsetFont(await readFile(source), characters, {
  targetFormat: "woff2",
  keepFeatures: ["kern", "mark", "tnum", "cv05"],
  noHinting: true,
  variationAxes: { wght: { min: 400, max: 600, default: 400 } },
});
if (font.length > LIMIT) throw new Error(`font subset is ${font.length} bytes, ${LIMIT} at most`);
const target = new URL("../src/theme/inter.woff2", import.meta.url);
await mkdir(new URL(".", target), { recursive: true });
await writeFile(target, font);
console.log(`inter.woff2: ${font.length} bytes`);
