import { createContext, use, useSyncExternalStore } from "react";

export interface RangeOption {
  key: string;
  label: string;
  /** Where there is little room. */
  short: string;
  ms: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export const RANGES: readonly RangeOption[] = [
  { key: "1m", label: "Last minute", short: "1 min", ms: MINUTE },
  { key: "5m", label: "Last 5 min", short: "5 min", ms: 5 * MINUTE },
  { key: "15m", label: "Last 15 min", short: "15 min", ms: 15 * MINUTE },
  { key: "1h", label: "Last hour", short: "1 h", ms: HOUR },
  { key: "6h", label: "Last 6 h", short: "6 h", ms: 6 * HOUR },
  { key: "24h", label: "Last 24 h", short: "24 h", ms: 24 * HOUR },
  { key: "7d", label: "Last 7 days", short: "7 days", ms: 7 * 24 * HOUR },
];

const DEFAULT = "15m";

export const rangeOf = (key: string): RangeOption | undefined => RANGES.find((range) => range.key === key);

/** What is looked at: the newest stretch, that stretch held still, or a fixed one that was zoomed into. */
export interface View {
  range: RangeOption;
  /** Server time at which the pause began. */
  pausedAt: number | undefined;
  /** The store's count of points when the pause began. */
  pausedCount: number;
  zoom: { from: number; to: number } | undefined;
}

/** The chosen range, pause and zoom; only a view, so it lives in the URL and never in a document. */
export class ViewStore {
  view: View;
  private readonly listeners = new Set<() => void>();

  constructor(
    search: string,
    private readonly remember: (search: string) => void = () => {},
  ) {
    const parameters = new URLSearchParams(search);
    const from = Number(parameters.get("from"));
    const to = Number(parameters.get("to"));
    this.chosen = rangeOf(parameters.get("range") ?? "") !== undefined;
    this.view = {
      range: rangeOf(parameters.get("range") ?? DEFAULT) ?? (rangeOf(DEFAULT) as RangeOption),
      pausedAt: undefined,
      pausedCount: 0,
      zoom: from > 0 && to > from ? { from, to } : undefined,
    };
  }

  /** Whether somebody chose the range, as against a document's default. */
  chosen: boolean;

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** A document's own duration, as long as nobody chose another. */
  suggest(key: string): void {
    const range = rangeOf(key);
    if (range && !this.chosen) this.set({ range });
  }

  choose(key: string): void {
    const range = rangeOf(key);
    if (!range) return;
    this.chosen = true;
    this.set({ range, zoom: undefined, pausedAt: undefined });
  }

  pause(now: number, received: number): void {
    if (this.view.pausedAt === undefined) this.set({ pausedAt: now, pausedCount: received });
  }

  resume(): void {
    this.set({ pausedAt: undefined, zoom: undefined });
  }

  zoom(from: number, to: number): void {
    if (to > from) this.set({ zoom: { from: Math.round(from), to: Math.round(to) } });
  }

  unzoom(): void {
    if (this.view.zoom) this.set({ zoom: undefined });
  }

  /** Shown now: [from, to]. */
  window(now: number): { from: number; to: number } {
    const { zoom, pausedAt, range } = this.view;
    if (zoom) return zoom;
    const to = pausedAt ?? now;
    return { from: to - range.ms, to };
  }

  private set(change: Partial<View>): void {
    this.view = { ...this.view, ...change };
    const parameters = new URLSearchParams();
    if (this.chosen) parameters.set("range", this.view.range.key);
    if (this.view.zoom) {
      parameters.set("from", String(this.view.zoom.from));
      parameters.set("to", String(this.view.zoom.to));
    }
    this.remember(parameters.toString());
    for (const listener of this.listeners) listener();
  }
}

const ViewContext = createContext<ViewStore | undefined>(undefined);
export const ViewProvider = ViewContext.Provider;

export function useViewStore(): ViewStore {
  const store = use(ViewContext);
  if (!store) throw new Error("no view store above this component");
  return store;
}

export function useView(): View {
  const store = useViewStore();
  return useSyncExternalStore(
    (listener) => store.subscribe(listener),
    () => store.view,
  );
}

const STEPS: readonly (readonly [number, string])[] = [
  [10_000, "10s"],
  [MINUTE, "1m"],
  [5 * MINUTE, "5m"],
  [30 * MINUTE, "30m"],
  [HOUR, "1h"],
];

/** The finest bucket that gives at most `count` points over the span; up to an hour always the 10 s bucket. */
export function stepFor(span: number, count = 400): { ms: number; name: string } {
  const [ms, name] = STEPS.find(([step]) => span / step <= count) ?? [HOUR, "1h"];
  return { ms, name };
}
