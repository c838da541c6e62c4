import type { Field, Point } from "../model/point";

/** Buckets in ascending order, wherever they are kept: a topic's ring, or the answer to a query. */
export interface Buckets {
  readonly length: number;
  time(index: number): number;
  get(field: Field, index: number): number;
  final(index: number): boolean;
  corrected(index: number): boolean;
  lowerBound(time: number): number;
}

/** A query's points seen as buckets. */
export class PointList implements Buckets {
  constructor(private readonly points: readonly Point[]) {}

  get length(): number {
    return this.points.length;
  }

  time(index: number): number {
    return this.points[index]?.time ?? NaN;
  }

  get(field: Field, index: number): number {
    return this.points[index]?.[field] ?? NaN;
  }

  final(index: number): boolean {
    return this.points[index]?.final ?? true;
  }

  corrected(): boolean {
    return false;
  }

  lowerBound(time: number): number {
    const index = this.points.findIndex((point) => point.time >= time);
    return index < 0 ? this.points.length : index;
  }
}

/** One line of a chart: which figure of which buckets. */
export interface Line {
  label: string;
  field: Field;
  buckets: Buckets;
}

export interface Window {
  from: number;
  to: number;
  step: number;
  /** Event time reached: the axis' end while it follows, else `to`. */
  now: number;
  /** A sliding minute is named by its end. */
  named: "start" | "end";
}

/** What one drawing shows: a grid of buckets, so that an absent one is a hole and nothing bridges it. */
export interface Frame {
  window: Window;
  starts: number[];
  /** Where a bucket is drawn: its middle; an open one at now. */
  xs: number[];
  /** Every value, [line][bucket]; null: absent. */
  values: (number | null)[][];
  /** Those of final buckets only: drawn solid, and what scales look at. */
  closed: (number | null)[][];
  counts: (number | null)[];
  /** Index of the first bucket that is not final; length when all are. */
  openFrom: number;
  /** End of the newest bucket that is final; NaN without one. */
  finalUntil: number;
  /** Stretches without any bucket between data, and from the last one to now. */
  gaps: [number, number][];
  /** Middles of buckets that late data has changed. */
  corrected: number[];
}

/** A rate over less than this of an open bucket says nothing yet. */
const RATE_NEEDS = 2000;

/** A bucket's figure; rates of live buckets divide by the time that has passed of them. */
export function readField(buckets: Buckets, field: Field, index: number, step: number, now: number): number {
  if (field !== "rate") return buckets.get(field, index);
  const told = buckets.get("rate", index);
  if (Number.isFinite(told)) return told;
  const passed = Math.min(step, now - buckets.time(index));
  return passed < RATE_NEEDS ? NaN : (buckets.get("count", index) * 1000) / passed;
}

export function buildFrame(lines: readonly Line[], window: Window): Frame {
  const { from, to, step, now } = window;
  const first = Math.floor(from / step) * step;
  const last = window.named === "end" ? Math.ceil(to / step) * step : Math.floor(to / step) * step;
  const size = Math.max(1, Math.round((last - first) / step) + 1);
  const starts = Array.from({ length: size }, (_, i) => first + i * step);
  const nulls = () => new Array<number | null>(size).fill(null);
  const values = lines.map(nulls);
  const closed = lines.map(nulls);
  const counts = nulls();
  const present = new Uint8Array(size);
  const corrected = new Set<number>();
  let openFrom = size;
  let finalUntil = NaN;

  lines.forEach((line, k) => {
    const { buckets } = line;
    for (let i = buckets.lowerBound(first); i < buckets.length; i++) {
      const time = buckets.time(i);
      const slot = Math.round((time - first) / step);
      if (slot >= size || time > last) break;
      present[slot] = 1;
      if (buckets.corrected(i)) corrected.add(slot);
      const final = buckets.final(i);
      if (!final) openFrom = Math.min(openFrom, slot);
      else if (!(time <= finalUntil)) finalUntil = time;
      const value = readField(buckets, line.field, i, step, now);
      if (k === 0 || counts[slot] === null) counts[slot] = finite(buckets.get("count", i));
      if (!Number.isFinite(value)) continue;
      (values[k] as (number | null)[])[slot] = value;
      if (final) (closed[k] as (number | null)[])[slot] = value;
    }
  });

  const xs = starts.map((start) => {
    if (window.named === "end") return Math.min(start, now);
    return start <= now && now < start + step ? now : start + step / 2;
  });
  for (let i = 1; i < size; i++) if ((xs[i] ?? 0) <= (xs[i - 1] ?? 0)) xs[i] = (xs[i - 1] ?? 0) + 1;
  return {
    window,
    starts,
    xs,
    values,
    closed,
    counts,
    openFrom,
    finalUntil: finalUntil + (window.named === "end" ? 0 : step),
    gaps: gapsOf(present, starts, window),
    corrected: [...corrected].map((slot) => xs[slot] ?? 0),
  };
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

function gapsOf(present: Uint8Array, starts: readonly number[], window: Window): [number, number][] {
  const { step, now } = window;
  const before = window.named === "end" ? step : 0;
  const gaps: [number, number][] = [];
  let seen = -1;
  for (let i = 0; i < present.length; i++) {
    if (!present[i]) continue;
    if (seen >= 0 && i > seen + 1) gaps.push([(starts[seen + 1] ?? 0) - before, (starts[i] ?? 0) - before]);
    seen = i;
  }
  if (seen < 0) return gaps;
  // An event of the open bucket may still be on its way: two buckets of patience.
  const end = (starts[seen] ?? 0) + step - before;
  const reach = Math.min(now, window.to);
  if (reach - end > 2 * step) gaps.push([end, reach]);
  return gaps;
}

export interface Extent {
  last: number;
  min: number;
  max: number;
}

/** The legend's figures: of what is drawn, the last point included. */
export function extentOf(values: readonly (number | null)[]): Extent {
  const extent: Extent = { last: NaN, min: NaN, max: NaN };
  for (const value of values) {
    if (value === null) continue;
    extent.last = value;
    if (!(value >= extent.min)) extent.min = value;
    if (!(value <= extent.max)) extent.max = value;
  }
  return extent;
}
