// First load: what index.html names (page, scripts, styles, icon), gzip as the server sends it. Over budget: fails.
// The font has a budget of its own (build/font.mjs): the page never waits for it.
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

const BUDGET = 120 * 1024;
const dist = new URL("../dist/", import.meta.url);
const page = await readFile(new URL("index.html", dist), "utf8");
const named = [...page.matchAll(/(?:src|href)="\/([^"]+)"/g)].map((match) => match[1]);

let total = 0;
let fonts = 0;
for (const name of ["index.html", ...new Set(named)]) {
  const bytes = await readFile(new URL(name, dist));
  const font = name.endsWith(".woff2");
  const size = font ? bytes.length : gzipSync(bytes, { level: 9 }).length;
  if (font) fonts += size;
  else total += size;
  console.log(`${String(size).padStart(7)}  ${name}`);
}
console.log(`${String(total).padStart(7)}  first load, gzip; budget ${BUDGET}; font beside it ${fonts}`);
if (total > BUDGET) {
  console.error("first load is over its budget");
  process.exit(1);
}
