import { isObject, parseFreshness, parsePoint, parsePoints, parseTime, type Freshness, type Point } from "../model/point";

/** What GET /metrics/stream says, with times as epoch milliseconds. `topic` is the index in the request. */
export type Message =
  | { type: "hello"; epoch: string; serverTime: number }
  | { type: "snapshot"; topic: number; points: Point[] }
  | { type: "point"; topic: number; point: Point; seq: number | undefined; eventTime: number; publishedAt: number }
  | { type: "gap"; topic: number | undefined; from: number; to: number }
  | { type: "state"; topic: number | undefined; freshness: Freshness };

const topicOf = (json: Record<string, unknown>): number | undefined =>
  typeof json.topic === "number" ? json.topic : undefined;

/** Undefined for what is not known: a newer server may say more. */
export function parseMessage(json: unknown): Message | undefined {
  if (!isObject(json)) return undefined;
  switch (json.type) {
    case "hello":
      return { type: "hello", epoch: String(json.epoch ?? ""), serverTime: parseTime(json.serverTime) };
    case "snapshot":
      return { type: "snapshot", topic: topicOf(json) ?? 0, points: parsePoints(json.points) };
    case "point": {
      const point = parsePoint(json.point);
      if (!point) return undefined;
      return {
        type: "point",
        topic: topicOf(json) ?? 0,
        point,
        seq: typeof json.seq === "number" ? json.seq : undefined,
        eventTime: parseTime(json.eventTime),
        publishedAt: parseTime(json.publishedAt),
      };
    }
    case "gap":
      return { type: "gap", topic: topicOf(json), from: parseTime(json.from), to: parseTime(json.to) };
    case "state": {
      const freshness = parseFreshness(json.freshness);
      return freshness && { type: "state", topic: topicOf(json), freshness };
    }
    default:
      return undefined;
  }
}
