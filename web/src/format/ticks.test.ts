import { describe, expect, it } from "vitest";
import { logTicks, niceTicks, tickLabels, timeTicks } from "./ticks";

describe("niceTicks", () => {
  it("steps by 1, 2 or 5 and ends at or above the highest value", () => {
    expect(niceTicks(0, 393, 5)).toEqual([0, 100, 200, 300, 400]);
    expect(niceTicks(0, 14.2, 5)).toEqual([0, 5, 10, 15]);
    expect(niceTicks(0, 0.031, 5)).toEqual([0, 0.01, 0.02, 0.03, 0.04]);
  });

  it("goes below zero only for values that do", () => {
    expect(niceTicks(-3, 7, 5)).toEqual([-4, -2, 0, 2, 4, 6, 8]);
  });

  it("steps by powers of two for bytes", () => {
    expect(niceTicks(0, 9 * 1024 ** 3, 5, "bytes")).toEqual([0, 2, 4, 6, 8, 10].map((gib) => gib * 1024 ** 3));
  });

  it("still has two ticks when all values are the same", () => {
    expect(niceTicks(0, 0, 5)).toHaveLength(2);
  });
});

describe("tickLabels", () => {
  it("names the unit at the top tick only", () => {
    expect(tickLabels([0, 0.1, 0.2, 0.3], "seconds")).toEqual(["0", "100", "200", "300\u00a0ms"]);
    expect(tickLabels([0, 2000, 4000, 6000], "count")).toEqual(["0", "2", "4", "6\u00a0k"]);
    expect(tickLabels([0, 5, 10, 15], "rate")).toEqual(["0", "5", "10", "15/s"]);
  });

  it("keeps as many decimals as the step needs", () => {
    expect(tickLabels([0, 0.005, 0.01, 0.015], "ratio")).toEqual(["0", "0.5", "1.0", "1.5\u00a0%"]);
  });
});

it("puts logarithmic ticks at 1 and 3", () => {
  expect(logTicks(0.008, 0.4)).toEqual([0.01, 0.03, 0.1, 0.3]);
});

it("puts time ticks at round local times", () => {
  const from = Date.UTC(2026, 0, 2, 13, 49, 20);
  const { ticks, step } = timeTicks(from, from + 900_000, 5, 0);
  expect(step).toBe(180_000);
  expect(ticks.map((tick) => new Date(tick).toISOString().slice(11, 16))).toEqual(["13:51", "13:54", "13:57", "14:00", "14:03"]);
  const day = timeTicks(from, from + 86_400_000, 6, 3600_000);
  expect(day.ticks.every((tick) => (tick + 3600_000) % day.step === 0)).toBe(true);
});
