import { expect, it } from "vitest";
import { PointList } from "../../chart/frame";
import { aPoint } from "../../model/point-builder";
import type { QuerySpec } from "../../model/dashboard";
import { lineDefaults, parseLineOptions } from "./options";
import { labelOf, linesOf } from "./lines";

const source = (query: QuerySpec, group: string, value: number) => ({ query, group, buckets: new PointList([aPoint(0, { value, p50: value, p99: value })]) });

it("orders lines by value and keeps a group's colour whatever the order", () => {
  const query: QuerySpec = { name: "cpu", field: "value", groupBy: "tag.core", label: "core" };
  const colors = (values: number[]) => new Map(linesOf(values.map((value, core) => source(query, String(core), value)), false).map((line) => [line.label, line.token]));
  expect([...colors([1, 9, 5]).keys()]).toEqual(["core 1", "core 2", "core 0"]);
  expect(colors([9, 1, 5]).get("core 1")).toBe(colors([1, 9, 5]).get("core 1"));
});

it("gives the quantiles of a metric one hue", () => {
  const lines = linesOf([source({ name: "s", field: "p50", label: "p50" }, "", 1), source({ name: "s", field: "p99", label: "p99" }, "", 3)], true);
  expect(lines.map((line) => line.token)).toEqual(["--q99", "--q50"]);
});

it("names a group by itself when it speaks for itself", () => {
  const query: QuerySpec = { name: "r", field: "rate", groupBy: "tag.region", label: "region" };
  expect(labelOf(source(query, "eu-west", 1))).toBe("eu-west");
  expect(labelOf(source(query, "", 1))).toBe("without");
});

it("reads options, and falls back to the defaults", () => {
  expect(parseLineOptions({})).toEqual(lineDefaults);
  expect(parseLineOptions({ unit: "parsecs", thresholds: { bad: "much" }, max: "high" })).toEqual(lineDefaults);
  expect(parseLineOptions({ unit: "ratio", thresholds: { bad: 0.02 }, zero: false })).toMatchObject({ unit: "ratio", thresholds: { bad: 0.02 }, zero: false });
});
