import type { Freshness } from "../model/point";
import type { Message } from "./messages";
import { PointRing } from "./ring";
import { topicKey, type Topic } from "./transport";

export const BUCKET = 10_000;
/** An hour of buckets and room for the snapshot's largest size. */
const CAPACITY = 1024;

/** All that is known of one topic. */
export class TopicState {
  readonly key: string;
  readonly ring = new PointRing(CAPACITY);
  readonly listeners = new Set<() => void>();
  freshness: Freshness | undefined;
  /** Buckets from here to the newest have been asked for or streamed; Infinity: none yet. */
  coveredFrom = Infinity;
  /** Where the stream was torn; undefined while it is whole. */
  tornAt: number | undefined;
  /** How far back somebody looks. */
  wantedFrom = Infinity;
  loading = false;
  /** Event time of the newest change that no screen has shown yet. */
  undrawnEvent = NaN;

  constructor(readonly topic: Topic) {
    this.key = topicKey(topic);
  }

  /** Takes one message in; true when something that can be seen has changed. */
  reduce(message: Message): boolean {
    switch (message.type) {
      case "snapshot": {
        let changed = false;
        for (const point of message.points) changed = this.ring.put(point) !== "ignored" || changed;
        const first = message.points[0]?.time;
        if (first === undefined) return changed;
        if (this.tornAt !== undefined && first <= this.tornAt) this.tornAt = undefined;
        if (this.tornAt === undefined) this.coveredFrom = Math.min(this.coveredFrom, first);
        return changed;
      }
      case "point": {
        const changed = this.ring.put(message.point) !== "ignored";
        if (changed && Number.isFinite(message.eventTime)) this.undrawnEvent = message.eventTime;
        return changed;
      }
      case "gap":
        this.tear();
        return false;
      case "state":
        this.freshness = { ...this.freshness, ...message.freshness };
        return true;
      case "hello":
        return false;
    }
  }

  /** What comes next may not join on: buckets from the newest known one on have to be asked for. */
  tear(): void {
    const newest = this.ring.newest();
    if (Number.isFinite(newest)) this.tornAt = Math.min(this.tornAt ?? Infinity, newest);
  }

  /** The stretch that must be asked for now, if any: [from, to]. */
  missing(now: number): [number, number] | undefined {
    if (this.tornAt !== undefined) return [this.tornAt, now];
    if (this.wantedFrom < this.coveredFrom && Number.isFinite(this.wantedFrom)) {
      return [this.wantedFrom, Number.isFinite(this.coveredFrom) ? this.coveredFrom : now];
    }
    return undefined;
  }

  /** The answer to missing() has come in. */
  filled(from: number): void {
    if (this.tornAt !== undefined && from <= this.tornAt) this.tornAt = undefined;
    this.coveredFrom = Math.min(this.coveredFrom, from);
  }

  /** Up to when data is known: the end of the newest bucket, but never later than what was said last. */
  knownUntil(lastHeard: number): number {
    const newest = this.ring.newest();
    if (!Number.isFinite(newest)) return NaN;
    return Math.min(this.topic.window ? newest : newest + BUCKET, lastHeard);
  }
}
