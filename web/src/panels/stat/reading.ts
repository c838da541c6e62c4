import { readField, type Buckets } from "../../chart/frame";
import type { Field } from "../../model/point";

const BUCKET = 10_000;

/** The figure of now: the newest bucket's; a rate over the open bucket and the one before it, so that it does not jump. */
export function currentValue(buckets: Buckets, field: Field, now: number, until = Infinity): number {
  const end = until === Infinity ? buckets.length : buckets.lowerBound(until);
  const newest = end - 1;
  if (newest < 0) return NaN;
  if (field !== "rate") return buckets.get(field, newest);
  const told = buckets.get("rate", newest);
  if (Number.isFinite(told)) return buckets.final(newest) || newest === 0 ? told : buckets.get("rate", newest - 1);
  const start = buckets.time(newest);
  const passed = Math.min(BUCKET, Math.max(0, now - start));
  const before = newest > 0 && start - buckets.time(newest - 1) === BUCKET ? newest - 1 : undefined;
  const count = buckets.get("count", newest) + (before === undefined ? 0 : buckets.get("count", before));
  const time = passed + (before === undefined ? 0 : BUCKET);
  return time < 1000 ? NaN : (count * 1000) / time;
}

/** The figure of a moment in the past: that bucket's, if it is there. */
export function valueAt(buckets: Buckets, field: Field, time: number, step: number): number {
  const index = buckets.lowerBound(time - step);
  if (index >= buckets.length || buckets.time(index) > time + step) return NaN;
  return readField(buckets, field, index, step, Infinity);
}
