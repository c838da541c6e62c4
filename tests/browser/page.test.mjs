// The page of a real server, in a real browser: MILLRACE_BINARY=build/release/millrace node --test tests/browser/
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, until, violations } from "./browser.mjs";
import { binary, DemoServer } from "./server.mjs";

if (!binary) throw new Error("MILLRACE_BINARY names no server binary");

let server;
let browser;

before(async () => {
  server = await DemoServer.start();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

/** A page whose console is watched; `tolerate` passes the browser's own words on failed requests. */
async function open(path, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 980 }, colorScheme: "dark", ...options });
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  await page.goto(server.url + path);
  return { page, errors, close: () => context.close() };
}

const network = (text) => /Failed to load resource|WebSocket connection to|net::ERR_|EventSource/.test(text);

const firstFigure = () => document.querySelector(".stat .value span")?.textContent ?? "";
const everyFigure = () => [...document.querySelectorAll(".stat .value span")].map((span) => span.textContent);
const figuresShown = () => {
  const spans = [...document.querySelectorAll(".stat .value > span")];
  return spans.length >= 4 && spans.every((span) => span.textContent !== "–");
};
const chartsDrawn = () => {
  const charts = [...document.querySelectorAll(".chart canvas")];
  return charts.length > 0 && document.querySelector(".legend td.last")?.textContent !== "";
};
const chipSays = (word) => document.querySelector(".chip")?.textContent?.startsWith(word) === true;

/** The rows of the panel's table: [time, first figure]. */
const tableRows = (panel) =>
  panel.locator(".rows tbody tr").evaluateAll((rows) => rows.map((row) => [row.cells[0].textContent, row.cells[1].textContent]));

const seconds = (text) => text.slice(0, 8).split(":").reduce((sum, part) => sum * 60 + Number(part), 0);

for (const path of ["/d/machine", "/d/shop"]) {
  test(`${path} shows its charts and its figures change`, async () => {
    const { page, errors, close } = await open(path);
    await until(page, figuresShown);
    await until(page, chartsDrawn);
    await until(page, chipSays, "Live");
    const first = await page.evaluate(everyFigure);
    await until(page, (before) => [...document.querySelectorAll(".stat .value span")].some((span, i) => span.textContent !== before[i]), first);
    assert.deepEqual(errors, []);
    await close();
  });
}

for (const colorScheme of ["dark", "light"]) {
  for (const width of [1440, 390]) {
    test(`the ${colorScheme} page at ${width} px has no axe violations and no sideways scroll`, async () => {
      const { page, errors, close } = await open("/", { colorScheme, viewport: { width, height: 844 } });
      await until(page, figuresShown);
      await until(page, chartsDrawn);
      assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), colorScheme);
      assert.deepEqual(await violations(page), []);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(overflow <= 0, `${overflow} px too wide`);
      assert.deepEqual(errors, []);
      await close();
    });
  }
}

test("dialogs and menus open by keyboard, without violations", async () => {
  const { page, close } = await open("/");
  await until(page, figuresShown);
  await page.keyboard.press("s");
  await page.locator("dialog.send").waitFor();
  assert.deepEqual(await violations(page), []);
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  await page.locator("dialog.keys").waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Space");
  await page.locator(".behind").waitFor();
  await page.keyboard.press("Space");
  await page.locator(".behind").waitFor({ state: "detached" });
  await page.keyboard.press("g");
  await page.keyboard.press("s");
  await page.waitForURL("**/d/shop*");
  await close();
});

test("an event sent by hand is noticed and has a page of its own", async () => {
  const { page, errors, close } = await open("/");
  await until(page, figuresShown);
  await page.keyboard.press("s");
  await page.locator(".arrival").waitFor();
  assert.equal(await page.locator(".arrival[data-arrived]").count(), 0);
  const response = await fetch(`${server.url}/api/v1/events`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ metric_name: "my_metric", source_id: "laptop", value: 42 }),
  });
  assert.equal(response.status, 200);
  await page.locator(".arrival[data-arrived]").waitFor();
  await page.getByRole("link", { name: "Show it live" }).click();
  await page.waitForURL("**/m/my_metric*");
  await until(page, () => document.querySelector(".stat .value span")?.textContent === "42");
  assert.deepEqual(errors, []);
  await close();
});

test("a frozen server leaves the last values on screen with their age, and a thawed one is live again", async () => {
  const { page, errors, close } = await open("/d/machine");
  await until(page, figuresShown);
  await until(page, chipSays, "Live");
  server.freeze();
  try {
    await until(page, () => /^\d+ s old$/.test(document.querySelector(".stat .mark")?.textContent ?? ""), undefined, 30_000);
    assert.notEqual(await page.evaluate(firstFigure), "–");
    await until(page, () => !document.querySelector(".chip").textContent.startsWith("Live"));
    await until(page, chartsDrawn);
  } finally {
    server.thaw();
  }
  await until(page, chipSays, "Live", 40_000);
  await until(page, () => document.querySelectorAll(".stat .mark").length === 0, undefined, 40_000);
  assert.deepEqual(errors.filter((text) => !network(text)), []);
  await close();
});

test("a server killed and started again on its port: the line has no gap, and nothing goes blank meanwhile", async () => {
  const { page, errors, close } = await open("/d/machine?range=5m");
  await until(page, figuresShown);
  await until(page, chipSays, "Live");
  await page.waitForTimeout(12_000);
  await server.kill();
  await until(page, chipSays, "Reconnecting", 20_000);
  assert.equal(await page.evaluate(figuresShown), true);
  await server.restart();
  await until(page, chipSays, "Live", 40_000);
  await page.waitForTimeout(12_000);
  const panel = page.locator("[aria-labelledby=panel-cpu_quantiles]");
  await panel.getByRole("button", { name: /as a table/ }).click();
  await panel.locator(".rows tbody tr").nth(2).waitFor();
  const times = (await tableRows(panel)).map(([time]) => seconds(time)).reverse();
  for (let i = 1; i < times.length; i++) {
    assert.equal((times[i] - times[i - 1] + 86_400) % 86_400, 10, `a bucket is missing after ${times[i - 1]}`);
  }
  assert.deepEqual(errors.filter((text) => !network(text)), []);
  await close();
});
