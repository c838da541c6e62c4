import { describe, expect, it } from "vitest";
import { aPoint } from "../../model/point-builder";
import type { Bin } from "../../model/point";
import { cellsOf } from "./cells";
import { heatMapDefaults, parseHeatMapOptions } from "./options";

const point = (time: number, ...histogram: Bin[]) => aPoint(time, { histogram });
const total = (column: Float64Array | undefined) => (column ?? new Float64Array()).reduce((sum, count) => sum + count, 0);

describe("cellsOf", () => {
  it("loses no event when it spreads bins over its own rows", () => {
    const cells = cellsOf([point(0, [0.01, 0.02, 30], [0.02, 0.3, 12]), point(10_000, [0.015, 0.09, 8])], 22, "log");
    expect(total(cells?.counts[0])).toBeCloseTo(42);
    expect(total(cells?.counts[1])).toBeCloseTo(8);
    expect(cells?.times).toEqual([0, 10_000]);
  });

  it("has edges that rise evenly on its scale", () => {
    const log = cellsOf([point(0, [1, 100, 5])], 2, "log");
    expect(log?.edges.map(Math.round)).toEqual([1, 10, 100]);
    const linear = cellsOf([point(0, [0, 100, 5])], 2, "linear");
    expect(linear?.edges).toEqual([0, 50, 100]);
  });

  it("puts a bin of one value into one row", () => {
    const cells = cellsOf([point(0, [5, 5, 3], [1, 10, 2])], 4, "log");
    expect(Math.max(...(cells?.counts[0] ?? []))).toBeGreaterThanOrEqual(3);
  });

  it("has nothing to show without events", () => {
    expect(cellsOf([point(0), aPoint(10_000)], 4, "log")).toBeUndefined();
  });
});

it("reads options, and falls back to the defaults", () => {
  expect(parseHeatMapOptions({ scale: "cubic" })).toEqual(heatMapDefaults);
});
