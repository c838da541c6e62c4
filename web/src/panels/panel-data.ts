import { useEffect, useMemo, useRef } from "react";
import type { Buckets, Window } from "../chart/frame";
import { useLiveStore } from "../live/page-store";
import type { LiveStore, Watched } from "../live/live-store";
import type { Topic } from "../live/transport";
import type { QuerySpec } from "../model/dashboard";
import type { PipelineState } from "../model/point";
import { QueryFeed } from "../query/feed";
import { stepFor, useView, useViewStore, type ViewStore } from "../time/view";

/** Buckets of one query or of one of its groups. */
export interface Source {
  query: QuerySpec;
  group: string;
  buckets: Buckets;
}

/** How trustworthy what is on screen is. */
export interface Known {
  /** Event time up to which data is known; NaN when none has come yet. */
  until: number;
  state: PipelineState;
}

const HOUR = 3600_000;

/** Whether the stream can answer it: one line, no filter, and no growth of counters, which is reckoned by series. */
export const streamable = (query: QuerySpec): boolean =>
  !query.groupBy && !query.filters && !query.top && !(query.field === "rate" && query.name.endsWith("_total"));

export function topicOf(query: QuerySpec): Topic {
  const topic: Topic = { name: query.name };
  if (query.source) topic.source = query.source;
  if (query.window) topic.window = query.window;
  return topic;
}

export interface PanelDataOptions {
  /** The panel's own span instead of the page's: stats compare with earlier, bars look at the last minute. */
  span?: number;
  bins?: number;
  /** Never by stream: bars and heat maps need what only a query gives. */
  queryOnly?: boolean;
}

/** The data of one panel, by stream where that can be, else by query every two seconds while it is seen. */
export class PanelData {
  visible = true;
  private readonly watched = new Map<QuerySpec, Watched>();
  private readonly feeds = new Map<string, QueryFeed>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private stopped = true;

  constructor(
    readonly queries: readonly QuerySpec[],
    private readonly options: PanelDataOptions,
    private readonly store: LiveStore,
    private readonly views: ViewStore,
    private readonly changed: () => void,
  ) {}

  start(): void {
    this.stopped = false;
    const streamed = this.streams();
    for (const query of this.queries) {
      if (streamed && streamable(query)) this.watched.set(query, this.store.watch(topicOf(query), this.changed));
      else this.feedOf(query);
    }
    this.extend();
    if (this.feeds.size > 0) void this.poll();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    for (const watched of this.watched.values()) watched.release();
    for (const feed of this.feeds.values()) feed.stop();
    this.watched.clear();
  }

  /** Seen again: what waited is asked for at once. */
  show(visible: boolean): void {
    const back = visible && !this.visible;
    this.visible = visible;
    if (back && this.feeds.size > 0 && !this.stopped) void this.poll();
  }

  window(): Window {
    const now = this.store.now();
    const { from, to } = this.views.window(now);
    const named = this.queries[0]?.window ? "end" : "start";
    const { zoom, pausedAt } = this.views.view;
    const reached = zoom ? Math.min(now, to + HOUR) : (pausedAt ?? now);
    if (this.options.span === undefined) return { from, to, step: this.step().ms, now: reached, named };
    return { from: to - this.options.span, to, step: this.step().ms, now: reached, named };
  }

  step(): { ms: number; name: string } {
    const { from, to } = this.views.window(this.store.now());
    return stepFor(this.options.span ?? to - from);
  }

  sources(): Source[] {
    const sources: Source[] = [];
    for (const query of this.queries) {
      const watched = this.watched.get(query);
      if (watched) {
        sources.push({ query, group: "", buckets: watched.state.ring });
        continue;
      }
      const feed = this.feeds.get(feedKey(query, this.options));
      for (const group of feed?.groups.values() ?? []) sources.push({ query, group: group.name, buckets: group.points });
    }
    return sources;
  }

  known(): Known {
    const known: Known = { until: NaN, state: "current" };
    const heard = this.store.lastHeard;
    for (const watched of this.watched.values()) {
      join(known, watched.state.knownUntil(heard), watched.state.freshness?.state);
    }
    for (const feed of this.feeds.values()) {
      const step = this.step().ms;
      const newest = feed.newest();
      if (Number.isFinite(newest)) join(known, Math.min(newest + step, feed.answeredAt), feed.freshness?.state);
    }
    return known;
  }

  /** What to say instead of data: undefined while there is some, or while the first is on its way. */
  trouble(): string | undefined {
    for (const feed of this.feeds.values()) if (feed.error && feed.groups.size === 0) return feed.error.message;
    return undefined;
  }

  /** Whether every question has had its first answer. */
  answered(): boolean {
    if (this.stopped) return false;
    for (const watched of this.watched.values()) if (!watched.state.freshness && watched.state.ring.length === 0) return false;
    for (const feed of this.feeds.values()) if (!Number.isFinite(feed.answeredAt)) return false;
    return true;
  }

  drawn(): void {
    for (const watched of this.watched.values()) this.store.drawn(watched.state);
  }

  /** The page's range has grown or shrunk. */
  extend(): void {
    const { from } = this.window();
    for (const watched of this.watched.values()) watched.need(Math.floor(from / 10_000) * 10_000 - 10_000);
  }

  private streams(): boolean {
    if (this.options.queryOnly) return false;
    const { from } = this.window();
    return this.step().ms === 10_000 && this.store.now() - from < 2 * HOUR;
  }

  private feedOf(query: QuerySpec): void {
    const key = feedKey(query, this.options);
    if (this.feeds.has(key)) return;
    const alike = this.queries.filter((other) => feedKey(other, this.options) === key);
    const base = {
      name: query.name,
      fields: [...new Set([...alike.map((other) => other.field), "count"]), ...(this.options.bins ? ["histogram"] : [])],
      ...(query.source ? { source: query.source } : {}),
      ...(query.window ? { window: query.window } : {}),
      ...(query.groupBy ? { groupBy: query.groupBy } : {}),
      ...(query.filters ? { filters: query.filters } : {}),
      ...(query.top ? { top: query.top, by: query.field } : {}),
      ...(this.options.bins ? { bins: this.options.bins } : {}),
    };
    this.feeds.set(key, new QueryFeed(base));
  }

  private async poll(): Promise<void> {
    clearTimeout(this.timer);
    const { view } = this.views;
    const held = view.zoom !== undefined || view.pausedAt !== undefined;
    if (this.visible && !document.hidden && (!held || !this.answered())) {
      const { from, to, step } = this.window();
      const resolution = this.step().name;
      const now = this.store.now();
      const answers = [...this.feeds.values()].map((feed) => feed.refresh({ from, to, step, resolution }, now));
      await Promise.all(answers);
      this.changed();
    }
    if (!this.stopped) this.timer = setTimeout(() => void this.poll(), this.interval());
  }

  private interval(): number {
    return Math.min(30_000, Math.max(2000, this.step().ms / 12));
  }
}

function join(known: Known, until: number, state: PipelineState | undefined): void {
  if (Number.isFinite(until) && !(until <= known.until)) known.until = until;
  if (state === "stalled" || (state === "delayed" && known.state === "current")) known.state = state;
}

const feedKey = (query: QuerySpec, options: PanelDataOptions): string =>
  JSON.stringify([query.name, query.source, query.window, query.groupBy, query.filters, query.top, options.bins]);

/** A panel's data for as long as it is mounted; begins anew when the range asks for other buckets. */
export function usePanelData(queries: readonly QuerySpec[], options: PanelDataOptions, changed: () => void): PanelData {
  const store = useLiveStore();
  const views = useViewStore();
  const view = useView();
  const callback = useRef(changed);
  callback.current = changed;
  const key = JSON.stringify([queries, options, options.span === undefined ? view.range.key : "", view.zoom]);
  const data = useMemo(
    () => new PanelData(queries, options, store, views, () => callback.current()),
    // The key says all that matters of queries and options.
    [key, store, views],
  );
  useEffect(() => {
    data.start();
    callback.current();
    return () => data.stop();
  }, [data]);
  return data;
}
