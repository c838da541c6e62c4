import { describe, expect, it } from "vitest";
import { change, unitOf, withUnit } from "./units";

const NBSP = "\u00a0";

describe("withUnit", () => {
  it.each([
    [0, "count", "0"],
    [7, "count", "7"],
    [950, "count", "950"],
    [1234, "count", `1.2${NBSP}k`],
    [999_700, "count", `1.0${NBSP}M`],
    [512, "bytes", `512${NBSP}B`],
    [9.5e9, "bytes", `8.8${NBSP}GiB`],
    [2 * 1024 * 1024, "bytes/s", `2.0${NBSP}MiB/s`],
    [0.0921, "seconds", `92${NBSP}ms`],
    [0.0012, "seconds", `1.2${NBSP}ms`],
    [2.5, "seconds", `2.5${NBSP}s`],
    [0, "seconds", `0${NBSP}s`],
    [0.0046, "ratio", `0.46${NBSP}%`],
    [0.884, "ratio", `88${NBSP}%`],
    [43, "percent", `43${NBSP}%`],
    [25.4, "rate", "25/s"],
    [0.5, "rate", "0.50/s"],
    [-3.2, "none", "−3.2"],
  ] as const)("writes %d %s as %s", (value, unit, text) => {
    expect(withUnit(value, unit)).toBe(text);
  });

  it("writes a dash for what is absent, never 0", () => {
    expect(withUnit(NaN, "seconds")).toBe("–");
  });
});

describe("change", () => {
  it("says how much, with a true minus", () => {
    expect(change(111, 100)).toBe(`+11${NBSP}%`);
    expect(change(96, 100)).toBe(`−4${NBSP}%`);
    expect(change(100.2, 100)).toBe(`±0${NBSP}%`);
  });

  it("is silent when there is nothing to compare with", () => {
    expect(change(1, NaN)).toBeUndefined();
    expect(change(1, 0)).toBeUndefined();
  });
});

it("takes the unit from the name's suffix, as the server does", () => {
  expect(["memory_used_bytes", "request_seconds", "used_ratio", "cpu_percent", "orders"].map(unitOf)).toEqual([
    "bytes",
    "seconds",
    "ratio",
    "percent",
    "count",
  ]);
});
