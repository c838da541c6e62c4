import type { Buckets } from "../chart/frame";
import type { Field, Freshness, Point } from "../model/point";
import { fetchQuery, groupName, RequestError, type Answer, type Query } from "./query";

/** Points kept ascending by time; an answer's newer version of a bucket replaces the older. */
export class PointStore implements Buckets {
  points: Point[] = [];

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
    let low = 0;
    let high = this.points.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.time(middle) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Takes an answer's points, which are whole from the first on. */
  merge(points: readonly Point[], from: number): void {
    const kept = this.points.slice(0, this.lowerBound(Math.min(from, points[0]?.time ?? from)));
    this.points = [...kept, ...points];
  }

  trim(from: number): void {
    const first = this.lowerBound(from);
    if (first > 0) this.points = this.points.slice(first);
  }
}

export interface Group {
  name: string;
  points: PointStore;
}

/** Late data may still change what is this old: each refresh asks for it again. */
const TAIL = 60_000;
/** After this, everything is asked for again. */
const WHOLE_EVERY = 60_000;

/**
 * A question asked again and again: the first answer whole, then only its newest stretch.
 * The last good answer stays through every failure.
 */
export class QueryFeed {
  readonly groups = new Map<string, Group>();
  freshness: Freshness | undefined;
  error: RequestError | undefined;
  /** Server time of the last good answer. */
  answeredAt = NaN;
  private wholeAt = -Infinity;
  private loadedFrom = Infinity;
  private abort: AbortController | undefined;

  constructor(
    private readonly base: Omit<Query, "from" | "to" | "resolution">,
    private readonly ask: (query: Query, signal: AbortSignal) => Promise<Answer> = fetchQuery,
  ) {}

  /** True when an answer came; false when it failed or was overtaken by the next. */
  async refresh(window: { from: number; to: number; step: number; resolution: string }, now: number): Promise<boolean> {
    const whole = this.base.top !== undefined || window.from < this.loadedFrom || now - this.wholeAt > WHOLE_EVERY;
    const newest = this.newest();
    const from = whole || !Number.isFinite(newest) ? window.from : Math.max(window.from, newest - TAIL - window.step);
    const start = Math.floor(from / window.step) * window.step;
    this.abort?.abort();
    const abort = new AbortController();
    this.abort = abort;
    try {
      const answer = await this.ask({ ...this.base, from: start, to: window.to, resolution: window.resolution }, abort.signal);
      this.take(answer, start, whole);
      if (whole) {
        this.wholeAt = now;
        this.loadedFrom = window.from;
      }
      for (const group of this.groups.values()) group.points.trim(window.from - window.step);
      this.error = undefined;
      this.answeredAt = Number.isFinite(answer.freshness?.asOf ?? NaN) ? (answer.freshness?.asOf ?? now) : now;
      return true;
    } catch (error) {
      if (abort.signal.aborted) return false;
      this.error = error instanceof RequestError ? error : new RequestError(0, "unreachable", "The server does not answer.");
      return false;
    }
  }

  stop(): void {
    this.abort?.abort();
  }

  newest(): number {
    let newest = NaN;
    for (const group of this.groups.values()) {
      const time = group.points.time(group.points.length - 1);
      if (!(time <= newest)) newest = Number.isFinite(time) ? time : newest;
    }
    return newest;
  }

  private take(answer: Answer, from: number, whole: boolean): void {
    this.freshness = answer.freshness ?? this.freshness;
    const seen = new Set<string>();
    for (const series of answer.series) {
      const name = this.base.groupBy ? groupName(series, this.base.groupBy) : "";
      seen.add(name);
      const group = this.groups.get(name) ?? { name, points: new PointStore() };
      this.groups.set(name, group);
      group.points.merge(series.points, from);
    }
    if (!whole) return;
    for (const name of this.groups.keys()) if (!seen.has(name)) this.groups.delete(name);
  }
}
