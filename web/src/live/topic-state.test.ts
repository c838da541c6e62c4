import { describe, expect, it } from "vitest";
import { aPoint } from "../model/point-builder";
import { TopicState } from "./topic-state";

const snapshot = (...times: number[]) => ({ type: "snapshot" as const, topic: 0, points: times.map((time) => aPoint(time)) });
const point = (time: number, revision = 1) => ({
  type: "point" as const,
  topic: 0,
  point: aPoint(time, { revision }),
  seq: 1,
  eventTime: time + 5,
  publishedAt: time + 6,
});

describe("TopicState", () => {
  it("takes a snapshot, then changes", () => {
    const state = new TopicState({ name: "cpu" });
    expect(state.reduce(snapshot(10_000, 20_000))).toBe(true);
    expect(state.reduce(point(30_000))).toBe(true);
    expect(state.ring.length).toBe(3);
    expect(state.undrawnEvent).toBe(30_005);
  });

  it("says that nothing changed when an older revision comes", () => {
    const state = new TopicState({ name: "cpu" });
    state.reduce(point(10_000, 8));
    expect(state.reduce(point(10_000, 6))).toBe(false);
  });

  it("asks for the history that somebody looks at, once", () => {
    const state = new TopicState({ name: "cpu" });
    state.reduce(snapshot(600_000, 610_000));
    state.wantedFrom = 100_000;
    expect(state.missing(615_000)).toEqual([100_000, 600_000]);
    state.filled(100_000);
    expect(state.missing(615_000)).toBeUndefined();
  });

  it("asks for the hole that a lost connection left", () => {
    const state = new TopicState({ name: "cpu" });
    state.reduce(snapshot(10_000, 20_000));
    state.reduce({ type: "gap", topic: undefined, from: NaN, to: NaN });
    state.reduce(snapshot(70_000, 80_000));
    expect(state.missing(85_000)).toEqual([20_000, 85_000]);
    state.filled(20_000);
    expect(state.missing(85_000)).toBeUndefined();
  });

  it("needs no question when the new snapshot reaches back over the hole", () => {
    const state = new TopicState({ name: "cpu" });
    state.reduce(snapshot(10_000, 20_000));
    state.reduce({ type: "gap", topic: undefined, from: NaN, to: NaN });
    state.reduce(snapshot(10_000, 20_000, 30_000));
    expect(state.missing(35_000)).toBeUndefined();
  });

  it("knows data no further than the server was last heard", () => {
    const state = new TopicState({ name: "cpu" });
    state.reduce(snapshot(10_000));
    expect(state.knownUntil(14_000)).toBe(14_000);
    expect(state.knownUntil(99_000)).toBe(20_000);
  });
});
