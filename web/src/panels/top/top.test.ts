import { expect, it } from "vitest";
import { PointList } from "../../chart/frame";
import { aPoint } from "../../model/point-builder";
import type { QuerySpec } from "../../model/dashboard";
import { parseTopOptions, topDefaults } from "./options";
import { ranking } from "./ranking";

const query: QuerySpec = { name: "s", field: "p95", groupBy: "source" };
const source = (group: string, ...p95: [number, boolean][]) => ({
  query,
  group,
  buckets: new PointList(p95.map(([value, final], i) => aPoint(i * 10_000, { p95: value, final }))),
});

it("ranks by the newest final figure, highest first, and keeps so many", () => {
  const bars = ranking([source("a", [1, true], [99, false]), source("b", [5, true]), source("c", [3, true])], 2);
  expect(bars).toEqual([
    { name: "b", value: 5 },
    { name: "c", value: 3 },
  ]);
});

it("takes an open figure where there is no other, and leaves out what has none", () => {
  expect(ranking([source("a", [4, false]), source("b")], 5)).toEqual([{ name: "a", value: 4 }]);
});

it("reads options, and falls back to the defaults", () => {
  expect(parseTopOptions({ max: "all" })).toEqual(topDefaults);
});
