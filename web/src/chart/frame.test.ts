import { describe, expect, it } from "vitest";
import { aPoint } from "../model/point-builder";
import type { Point } from "../model/point";
import { buildFrame, extentOf, PointList, type Window } from "./frame";

const window: Window = { from: 0, to: 64_000, step: 10_000, now: 64_000, named: "start" };
const lineOf = (points: Point[]) => ({ label: "a", field: "value" as const, buckets: new PointList(points) });

describe("buildFrame", () => {
  it("leaves an absent bucket out: null, never bridged, never 0", () => {
    const frame = buildFrame([lineOf([0, 10_000, 40_000, 50_000].map((time) => aPoint(time, { value: 5 })))], window);
    expect(frame.values[0]).toEqual([5, 5, null, null, 5, 5, null]);
    expect(frame.gaps).toEqual([[20_000, 40_000]]);
  });

  it("keeps an open bucket out of the solid line and stands it at now", () => {
    const frame = buildFrame([lineOf([aPoint(50_000), aPoint(60_000, { final: false })])], window);
    expect(frame.closed[0]?.at(-1)).toBeNull();
    expect(frame.values[0]?.at(-1)).toBe(1);
    expect(frame.openFrom).toBe(6);
    expect(frame.xs.at(-1)).toBe(64_000);
    expect(frame.finalUntil).toBe(60_000);
  });

  it("hatches from the last bucket to now only once two more should have come", () => {
    expect(buildFrame([lineOf([aPoint(40_000)])], window).gaps).toEqual([]);
    expect(buildFrame([lineOf([aPoint(20_000)])], window).gaps).toEqual([[30_000, 64_000]]);
  });

  it("does not call the time before the first data a gap", () => {
    expect(buildFrame([lineOf([aPoint(50_000), aPoint(60_000)])], window).gaps).toEqual([]);
  });

  it("divides a rate by the time that has passed of the open bucket, once that says something", () => {
    const rate = (now: number) =>
      buildFrame([{ label: "r", field: "rate", buckets: new PointList([aPoint(60_000, { count: 40, final: false })]) }], { ...window, now }).values[0]?.at(-1);
    expect(rate(64_000)).toBe(10);
    expect(rate(61_000)).toBeNull();
  });

  it("stands a sliding minute at its end, never after now", () => {
    const sliding = { ...window, named: "end" as const };
    const frame = buildFrame([lineOf([aPoint(60_000), aPoint(70_000, { final: false })])], sliding);
    expect(frame.xs.slice(-2)).toEqual([60_000, 64_000]);
  });

  it("has times that strictly rise, as the chart needs", () => {
    for (const now of [60_000, 60_001, 64_999, 69_999]) {
      const { xs } = buildFrame([lineOf([aPoint(60_000)])], { ...window, to: now, now });
      expect(xs.every((x, i) => i === 0 || x > (xs[i - 1] ?? 0))).toBe(true);
    }
  });
});

it("takes the legend's figures from what is drawn", () => {
  expect(extentOf([3, null, 1, 2])).toEqual({ last: 2, min: 1, max: 3 });
  expect(extentOf([null]).last).toBeNaN();
});
