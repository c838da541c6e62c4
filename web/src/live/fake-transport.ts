import type { Timers } from "./ladder";
import type { Session, Sink, StreamRequest, Transport } from "./transport";

/** Time that a test moves by hand. */
export class FakeTimers implements Timers {
  private time = 1_000_000;
  private next = 1;
  private readonly pending = new Map<number, { at: number; action: () => void }>();

  constructor(private readonly chance = 0.5) {}

  now(): number {
    return this.time;
  }

  set(action: () => void, ms: number): number {
    this.pending.set(this.next, { at: this.time + ms, action });
    return this.next++;
  }

  clear(handle: number): void {
    this.pending.delete(handle);
  }

  random(): number {
    return this.chance;
  }

  advance(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const due = [...this.pending].filter(([, { at }]) => at <= end).sort((a, b) => a[1].at - b[1].at)[0];
      if (!due) break;
      this.time = Math.max(this.time, due[1].at);
      this.pending.delete(due[0]);
      due[1].action();
    }
    this.time = end;
  }
}

export interface Opened {
  request: StreamRequest;
  sink: Sink;
  closed: boolean;
}

/** A way to a server that a test plays. */
export class FakeTransport implements Transport {
  readonly opened: Opened[] = [];

  constructor(readonly kind: Transport["kind"]) {}

  open(request: StreamRequest, sink: Sink): Session {
    const opened: Opened = { request, sink, closed: false };
    this.opened.push(opened);
    return {
      close() {
        opened.closed = true;
      },
    };
  }

  newest(): Opened {
    const newest = this.opened[this.opened.length - 1];
    if (!newest) throw new Error(`${this.kind} was never opened`);
    return newest;
  }

  hello(epoch = "e1"): void {
    this.newest().sink.message({ type: "hello", epoch, serverTime: "2026-01-02T03:04:05.000Z", tickMs: 100 });
  }

  say(json: unknown): void {
    this.newest().sink.message(json);
  }

  fail(): void {
    this.newest().sink.closed("gone");
  }
}

export const pointMessage = (time: number, seq: number, more: Record<string, unknown> = {}, topic = 0) => ({
  type: "point",
  topic,
  seq,
  eventTime: time,
  publishedAt: time,
  point: { timestamp: time, value: 1, count: 1, final: false, revision: seq, ...more },
});
