import { describe, expect, it } from "vitest";
import { PointList } from "../../chart/frame";
import { aPoint } from "../../model/point-builder";
import { parseStatOptions, statDefaults } from "./options";
import { currentValue, valueAt } from "./reading";

describe("currentValue", () => {
  it("is the newest bucket's figure, the open one included", () => {
    const buckets = new PointList([aPoint(0, { last: 1 }), aPoint(10_000, { last: 2, final: false })]);
    expect(currentValue(buckets, "last", 12_000)).toBe(2);
  });

  it("takes a rate over the open bucket and the one before it", () => {
    const buckets = new PointList([aPoint(0, { count: 100 }), aPoint(10_000, { count: 50, final: false })]);
    expect(currentValue(buckets, "rate", 15_000)).toBe(10);
  });

  it("does not reach over a gap for a rate", () => {
    const buckets = new PointList([aPoint(0, { count: 100 }), aPoint(30_000, { count: 50, final: false })]);
    expect(currentValue(buckets, "rate", 35_000)).toBe(10);
  });

  it("takes a counter's growth from the newest final bucket", () => {
    const buckets = new PointList([aPoint(0, { rate: 7 }), aPoint(10_000, { rate: 3, final: false })]);
    expect(currentValue(buckets, "rate", 11_000)).toBe(7);
  });

  it("is absent without data", () => {
    expect(currentValue(new PointList([]), "value", 0)).toBeNaN();
  });
});

it("compares only with a bucket that is there", () => {
  const buckets = new PointList([aPoint(0, { value: 4 }), aPoint(100_000)]);
  expect(valueAt(buckets, "value", 5_000, 10_000)).toBe(4);
  expect(valueAt(buckets, "value", 50_000, 10_000)).toBeNaN();
});

it("reads options, and falls back to the defaults", () => {
  expect(parseStatOptions({ compare: "fortnight", better: "faster" })).toEqual(statDefaults);
  expect(parseStatOptions({ compare: "15m", better: "lower" })).toMatchObject({ compare: "15m", better: "lower" });
});
