/** One bucket as the server tells it: see "JSON shapes". Times are epoch milliseconds here. */
export interface Point {
  time: number;
  value: number;
  count: number;
  sum: number;
  min: number;
  max: number;
  first: number;
  last: number;
  p50: number;
  p95: number;
  p99: number;
  rate: number;
  final: boolean;
  revision: number;
  histogram?: readonly Bin[];
}

/** [low, high, count] */
export type Bin = readonly [number, number, number];

export type Field = "value" | "count" | "sum" | "min" | "max" | "first" | "last" | "p50" | "p95" | "p99" | "rate";

export type PipelineState = "current" | "delayed" | "stalled";

export interface Freshness {
  state: PipelineState;
  /** Event time before which nothing more is expected; NaN when unknown. */
  finalUntil: number;
  newestEvent: number;
  asOf: number;
  lagMs: number;
}

type Json = Record<string, unknown>;

export const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** RFC 3339 or epoch milliseconds; NaN when it is neither. */
export function parseTime(value: unknown): number {
  if (typeof value === "number") return value;
  return typeof value === "string" ? Date.parse(value) : NaN;
}

const number = (value: unknown): number => (typeof value === "number" ? value : NaN);

/** Undefined when the timestamp is not one; absent figures become NaN. */
export function parsePoint(json: unknown): Point | undefined {
  if (!isObject(json)) return undefined;
  const time = parseTime(json.timestamp);
  if (!Number.isFinite(time)) return undefined;
  const point: Point = {
    time,
    value: number(json.value),
    count: number(json.count),
    sum: number(json.sum),
    min: number(json.min),
    max: number(json.max),
    first: number(json.first),
    last: number(json.last),
    p50: number(json.p50),
    p95: number(json.p95),
    p99: number(json.p99),
    rate: number(json.rate),
    final: json.final !== false,
    revision: typeof json.revision === "number" ? json.revision : 0,
  };
  const bins = parseBins(json.histogram);
  if (bins) point.histogram = bins;
  return point;
}

function parseBins(json: unknown): readonly Bin[] | undefined {
  if (!Array.isArray(json)) return undefined;
  return json.filter(
    (bin): bin is Bin => Array.isArray(bin) && bin.length === 3 && bin.every((part) => typeof part === "number"),
  );
}

export function parsePoints(json: unknown): Point[] {
  if (!Array.isArray(json)) return [];
  return json.map(parsePoint).filter((point): point is Point => point !== undefined);
}

export function parseFreshness(json: unknown): Freshness | undefined {
  if (!isObject(json)) return undefined;
  const state = json.state;
  return {
    state: state === "delayed" || state === "stalled" ? state : "current",
    finalUntil: parseTime(json.finalUntil),
    newestEvent: parseTime(json.newestEvent),
    asOf: parseTime(json.asOf),
    lagMs: number(json.lagMs) || 0,
  };
}
