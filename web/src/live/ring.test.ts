import { describe, expect, it } from "vitest";
import { aPoint } from "../model/point-builder";
import { PointRing } from "./ring";

const times = (ring: PointRing) => Array.from({ length: ring.length }, (_, i) => ring.time(i));

describe("PointRing", () => {
  it("appends and drops the oldest when it is full", () => {
    const ring = new PointRing(3);
    for (const time of [10, 20, 30, 40, 50]) ring.put(aPoint(time, { value: time }));
    expect(times(ring)).toEqual([30, 40, 50]);
    expect(ring.get("value", 0)).toBe(30);
    expect(ring.oldest()).toBe(30);
    expect(ring.newest()).toBe(50);
  });

  it("puts backfilled buckets into their places", () => {
    const ring = new PointRing(8);
    for (const time of [10, 40, 30, 20]) ring.put(aPoint(time, { value: time }));
    expect(times(ring)).toEqual([10, 20, 30, 40]);
    expect(times(ring).map((_, i) => ring.get("value", i))).toEqual([10, 20, 30, 40]);
  });

  it("inserts into a full ring by giving up its oldest, also after wrapping around", () => {
    const ring = new PointRing(4);
    for (const time of [1, 2, 10, 20, 30, 50]) ring.put(aPoint(time));
    expect(ring.put(aPoint(40))).toBe("inserted");
    expect(times(ring)).toEqual([20, 30, 40, 50]);
    expect(ring.put(aPoint(5))).toBe("ignored");
  });

  it("ignores a lower revision of a bucket", () => {
    const ring = new PointRing(4);
    ring.put(aPoint(10, { value: 2, revision: 9 }));
    expect(ring.put(aPoint(10, { value: 1, revision: 7 }))).toBe("ignored");
    expect(ring.get("value", 0)).toBe(2);
  });

  it("remembers that late data changed a final bucket, but not that an open one grew", () => {
    const ring = new PointRing(4);
    ring.put(aPoint(10, { final: false, revision: 2 }));
    expect(ring.put(aPoint(10, { final: true, revision: 5 }))).toBe("replaced");
    expect(ring.corrected(0)).toBe(false);
    expect(ring.put(aPoint(10, { final: true, revision: 7 }))).toBe("corrected");
    ring.put(aPoint(10, { final: true, revision: 7 }));
    expect(ring.corrected(0)).toBe(true);
  });

  it("finds the first bucket at or after a time", () => {
    const ring = new PointRing(4);
    for (const time of [10, 20, 30]) ring.put(aPoint(time));
    expect([5, 10, 11, 30, 31].map((time) => ring.lowerBound(time))).toEqual([0, 0, 1, 2, 3]);
  });
});
