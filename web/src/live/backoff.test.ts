import { expect, it } from "vitest";
import { backoff } from "./backoff";

it("doubles its ceiling with each attempt up to 30 s", () => {
  const ceilings = [0, 1, 2, 3, 6, 7, 50].map((attempt) => backoff(attempt, () => 1));
  expect(ceilings).toEqual([500, 1000, 2000, 4000, 30_000, 30_000, 30_000]);
});

it("takes anything below the ceiling, so that clients come back spread out", () => {
  expect(backoff(3, () => 0)).toBe(0);
  expect(backoff(3, () => 0.25)).toBe(1000);
});
