import type { Point } from "./point";

/** A point for tests: all figures the same unless said. */
export function aPoint(time: number, more: Partial<Point> = {}): Point {
  const value = more.value ?? 1;
  return {
    time,
    value,
    count: 10,
    sum: value * 10,
    min: value,
    max: value,
    first: value,
    last: value,
    p50: value,
    p95: value,
    p99: value,
    rate: NaN,
    final: true,
    revision: 1,
    ...more,
  };
}
