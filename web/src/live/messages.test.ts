import { expect, it } from "vitest";
import { parseMessage } from "./messages";
import { streamPath } from "./transport";

it("reads a point with its topic, times and sequence", () => {
  const message = parseMessage({
    type: "point",
    topic: 2,
    seq: 7,
    eventTime: "2026-01-02T03:04:11.000Z",
    publishedAt: "2026-01-02T03:04:11.050Z",
    point: { timestamp: "2026-01-02T03:04:10.000Z", value: 1.5, count: 2, final: false, revision: 4, p95: null },
  });
  expect(message).toMatchObject({ type: "point", topic: 2, seq: 7, point: { value: 1.5, final: false, revision: 4, p95: NaN } });
  if (message?.type !== "point") throw new Error("not a point");
  expect(message.publishedAt - message.point.time).toBe(1050);
});

it("passes over what it does not know", () => {
  expect(parseMessage({ type: "confetti" })).toBeUndefined();
  expect(parseMessage("text")).toBeUndefined();
  expect(parseMessage({ type: "point", point: { timestamp: "never" } })).toBeUndefined();
});

it("takes only good points of a snapshot", () => {
  const message = parseMessage({ type: "snapshot", points: [{ timestamp: 10_000, value: 1 }, { value: 2 }, null] });
  expect(message).toMatchObject({ type: "snapshot", topic: 0, points: [{ time: 10_000 }] });
});

it("pairs names, sources and windows by position", () => {
  const path = streamPath({ topics: [{ name: "a b" }, { name: "c", source: "s", window: "1m" }], since: "e-1" });
  expect(path).toBe("/metrics/stream?name=a+b&source=&window=&name=c&source=s&window=1m&since=e-1");
});
