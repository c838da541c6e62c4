import type { PipelineState, Point } from "../model/point";
import { Latency } from "./latency";
import { Ladder, type Status, type Timers } from "./ladder";
import type { Message } from "./messages";
import { ServerClock } from "./server-clock";
import { TopicState } from "./topic-state";
import { topicKey, type Topic, type Transport } from "./transport";

export type Backfill = (topic: Topic, from: number, to: number) => Promise<Point[]>;

export interface Watched {
  readonly state: TopicState;
  /** Asks for history back to this time, once. */
  need(from: number): void;
  release(): void;
}

const HISTORY_RETRY = 3000;

/** The page's one stream: topics come and go with the panels, and every panel reads its topic's ring. */
export class LiveStore {
  readonly clock: ServerClock;
  readonly latency = new Latency();
  status: Status;
  /** Server time of the newest message of any kind; NaN before the first. */
  lastHeard = NaN;
  /** Points taken in since the page was opened: what a pause counts. */
  received = 0;

  private readonly states = new Map<string, { state: TopicState; watchers: number }>();
  private readonly ladder: Ladder;
  private readonly statusListeners = new Set<() => void>();
  private topicsChanged = false;

  constructor(
    transports: readonly Transport[],
    private readonly timers: Timers,
    private readonly backfill: Backfill,
  ) {
    this.clock = new ServerClock(() => timers.now());
    this.status = { phase: "idle", transport: "websocket", since: timers.now() };
    this.ladder = new Ladder(transports, timers, {
      message: (message, topics, kind) => this.take(message, topics, kind),
      status: (status) => this.changed(status),
    });
  }

  watch(topic: Topic, listener: () => void): Watched {
    const key = topicKey(topic);
    const entry = this.states.get(key) ?? { state: new TopicState(topic), watchers: 0 };
    this.states.set(key, entry);
    entry.watchers++;
    entry.state.listeners.add(listener);
    this.scheduleTopics();
    return {
      state: entry.state,
      need: (from) => {
        if (from >= entry.state.wantedFrom) return;
        entry.state.wantedFrom = from;
        this.fill(entry.state);
      },
      release: () => {
        entry.state.listeners.delete(listener);
        entry.watchers--;
        this.scheduleTopics();
      },
    };
  }

  now(): number {
    return this.clock.now();
  }

  /** How long the server has said nothing; 0 before the first word. */
  silence(): number {
    return Number.isFinite(this.lastHeard) ? Math.max(0, this.now() - this.lastHeard) : 0;
  }

  /** The worst state that the server tells of a watched topic. */
  pipeline(): PipelineState {
    const states = [...this.states.values()].map((entry) => entry.state.freshness?.state);
    return states.includes("stalled") ? "stalled" : states.includes("delayed") ? "delayed" : "current";
  }

  onStatus(listener: () => void): () => void {
    this.statusListeners.add(listener);
    return () => this.statusListeners.delete(listener);
  }

  /** Woken up, back online, or the tab is looked at again. */
  wake(): void {
    this.ladder.retryNow();
  }

  /** Called when a change has been painted. */
  drawn(state: TopicState): void {
    if (!Number.isFinite(state.undrawnEvent)) return;
    if (this.status.phase === "live") this.latency.add(this.now() - state.undrawnEvent);
    state.undrawnEvent = NaN;
  }

  private scheduleTopics(): void {
    if (this.topicsChanged) return;
    this.topicsChanged = true;
    queueMicrotask(() => {
      this.topicsChanged = false;
      const watched = [...this.states.values()].filter((entry) => entry.watchers > 0);
      for (const [key, entry] of this.states) if (entry.watchers === 0) this.states.delete(key);
      this.ladder.setTopics(watched.map((entry) => entry.state.topic));
    });
  }

  private take(message: Message, topics: readonly Topic[], kind: Transport["kind"]): void {
    if (message.type === "hello") this.clock.observe(message.serverTime);
    if (message.type === "point") this.clock.observe(message.publishedAt);
    if (message.type === "state") this.clock.observe(message.freshness.asOf);
    this.lastHeard = this.now();
    const index = "topic" in message ? message.topic : undefined;
    if (message.type === "hello") return;
    const addressed = index === undefined ? topics : topics.slice(index, index + 1);
    for (const topic of addressed) this.deliver(topic, message, kind);
  }

  private deliver(topic: Topic, message: Message, kind: Transport["kind"]): void {
    const state = this.states.get(topicKey(topic))?.state;
    if (!state) return;
    if (message.type === "point") {
      this.received++;
      // Polling sees only the newest bucket: what was in between has to be asked for.
      if (kind === "polling" && message.point.time > state.ring.newest()) state.tear();
    }
    const changed = state.reduce(message);
    if (message.type !== "state") this.fill(state);
    if (changed) for (const listener of state.listeners) listener();
  }

  private fill(state: TopicState): void {
    if (state.loading || this.status.phase === "idle") return;
    const stretch = state.missing(this.now());
    if (!stretch) return;
    state.loading = true;
    const [from, to] = stretch;
    this.backfill(state.topic, from, to)
      .then((points) => {
        for (const point of points) state.ring.put(point);
        state.loading = false;
        state.filled(from);
        for (const listener of state.listeners) listener();
        this.fill(state);
      })
      .catch(() => {
        this.timers.set(() => {
          state.loading = false;
          this.fill(state);
        }, HISTORY_RETRY);
      });
  }

  private changed(status: Status): void {
    const lost = status.phase === "reconnecting" && this.status.phase !== "reconnecting";
    this.status = status;
    if (lost) this.latency.clear();
    for (const listener of this.statusListeners) listener();
  }
}
