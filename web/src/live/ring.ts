import type { Field, Point } from "../model/point";

const FIELDS = ["value", "count", "sum", "min", "max", "first", "last", "p50", "p95", "p99", "rate"] as const;

export type Outcome = "appended" | "inserted" | "replaced" | "corrected" | "ignored";

/**
 * The newest buckets of one topic, ascending by time, in typed columns: nothing is allocated for a point.
 * Overflow drops the oldest. A lower revision of a bucket never replaces a higher one.
 */
export class PointRing {
  private readonly times: Float64Array;
  private readonly revisions: Float64Array;
  private readonly finals: Uint8Array;
  private readonly corrections: Uint8Array;
  private readonly columns: Record<Field, Float64Array>;
  private head = 0;
  private count = 0;

  constructor(readonly capacity: number) {
    const column = () => new Float64Array(capacity);
    this.times = column();
    this.revisions = column();
    this.finals = new Uint8Array(capacity);
    this.corrections = new Uint8Array(capacity);
    this.columns = Object.fromEntries(FIELDS.map((field) => [field, column()])) as Record<Field, Float64Array>;
  }

  get length(): number {
    return this.count;
  }

  time(index: number): number {
    return this.times[this.slot(index)] ?? NaN;
  }

  final(index: number): boolean {
    return this.finals[this.slot(index)] === 1;
  }

  /** True when late data changed this bucket after it had been final. */
  corrected(index: number): boolean {
    return this.corrections[this.slot(index)] === 1;
  }

  get(field: Field, index: number): number {
    return this.columns[field][this.slot(index)] ?? NaN;
  }

  /** Index of the first bucket at or after `time`; length when there is none. */
  lowerBound(time: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.time(middle) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  newest(): number {
    return this.count === 0 ? NaN : this.time(this.count - 1);
  }

  oldest(): number {
    return this.count === 0 ? NaN : this.time(0);
  }

  put(point: Point): Outcome {
    const index = this.lowerBound(point.time);
    if (index < this.count && this.time(index) === point.time) return this.replace(index, point);
    if (index === this.count) {
      if (this.count === this.capacity) this.head = (this.head + 1) % this.capacity;
      else this.count++;
      this.write(this.count - 1, point, false);
      return "appended";
    }
    if (this.count === this.capacity) {
      if (index === 0) return "ignored";
      for (let i = 1; i < index; i++) this.copy(i, i - 1);
      this.write(index - 1, point, false);
      return "inserted";
    }
    this.count++;
    for (let i = this.count - 1; i > index; i--) this.copy(i - 1, i);
    this.write(index, point, false);
    return "inserted";
  }

  clear(): void {
    this.head = 0;
    this.count = 0;
  }

  private replace(index: number, point: Point): Outcome {
    const slot = this.slot(index);
    const known = this.revisions[slot] ?? 0;
    if (point.revision < known) return "ignored";
    const late = this.finals[slot] === 1 && point.final && point.revision > known;
    const before = this.corrections[slot] === 1;
    this.write(index, point, late || before);
    return late ? "corrected" : "replaced";
  }

  private slot(index: number): number {
    return (this.head + index) % this.capacity;
  }

  private copy(from: number, to: number): void {
    const source = this.slot(from);
    const target = this.slot(to);
    this.times[target] = this.times[source] ?? NaN;
    this.revisions[target] = this.revisions[source] ?? 0;
    this.finals[target] = this.finals[source] ?? 0;
    this.corrections[target] = this.corrections[source] ?? 0;
    for (const field of FIELDS) this.columns[field][target] = this.columns[field][source] ?? NaN;
  }

  private write(index: number, point: Point, corrected: boolean): void {
    const slot = this.slot(index);
    this.times[slot] = point.time;
    this.revisions[slot] = point.revision;
    this.finals[slot] = point.final ? 1 : 0;
    this.corrections[slot] = corrected ? 1 : 0;
    for (const field of FIELDS) this.columns[field][slot] = point[field];
  }
}
