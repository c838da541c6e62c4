import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { duration, timeLabel } from "../format/time";
import { logTicks, niceTicks, tickLabels, timeTicks } from "../format/ticks";
import type { Unit } from "../format/units";
import { color } from "../theme/theme";
import "./chart.css";
import { crosshair } from "./crosshair";
import type { Frame } from "./frame";
import { paintBand, paintCorrections, paintFinal, paintGaps, paintOpen, paintThreshold } from "./paint";
import { Tooltip } from "./tooltip";

export interface ChartLine {
  label: string;
  token: string;
  width: number;
}

export interface Threshold {
  value: number;
  token: string;
  text?: string;
}

export interface ChartOptions {
  unit: Unit;
  scale: "linear" | "log";
  lines: readonly ChartLine[];
  /** Indices of the lines that a band lies between. */
  band?: readonly [number, number];
  thresholds?: readonly Threshold[];
  /** False: the scale begins where the values do. */
  zero?: boolean;
  /** The scale never reaches beyond it: 100 for percent. */
  ceiling?: number;
  /** Drawn beneath the lines. */
  under?: (u: uPlot) => void;
  onZoom?: (from: number, to: number) => void;
  onUnzoom?: () => void;
}

const FONT = "400 11px Inter, system-ui, sans-serif";
const RIGHT = 10;
const TOP = 8;

/** A time series on a canvas: uPlot with our looks for what is open, final, absent and corrected. */
export class TimeChart {
  private readonly u: uPlot;
  private readonly tooltip: Tooltip;
  private readonly observer: ResizeObserver;
  private readonly unsubscribe: () => void;
  private frame: Frame | undefined;
  private finalUntil = NaN;
  private ticks: number[] = [0, 1];
  private range: [number, number] = [0, 1];
  private hidden = new Set<number>();
  private pointerTop = NaN;
  private timeStep = 60_000;

  constructor(
    private readonly host: HTMLElement,
    private readonly options: ChartOptions,
  ) {
    this.u = new uPlot(this.settings(), [[], ...options.lines.map(() => [])], host);
    this.tooltip = new Tooltip(host);
    this.unsubscribe = crosshair.subscribe((time, owner) => this.point(time, owner === this));
    this.observer = new ResizeObserver(() => this.fit());
    this.observer.observe(host);
    this.listen();
  }

  destroy(): void {
    if (crosshair.owner === this) crosshair.set(undefined, undefined);
    this.unsubscribe();
    this.observer.disconnect();
    this.u.destroy();
    this.host.replaceChildren();
  }

  /** `extent` widens the scale beyond the lines: the heat map's bins. */
  show(frame: Frame, finalUntil: number, extent?: readonly [number, number]): void {
    const span = frame.window.to - frame.window.from;
    // Another stretch of time has its own scale.
    if (!this.frame || Math.abs(span - (this.frame.window.to - this.frame.window.from)) > 1) this.range = [0, 0];
    this.frame = frame;
    this.finalUntil = finalUntil;
    this.rescale(extent);
    this.u.batch(() => {
      this.u.setData([frame.xs, ...frame.closed] as uPlot.AlignedData, false);
      this.u.setScale("x", { min: frame.window.from, max: frame.window.to });
      this.u.setScale("y", { min: this.range[0], max: this.range[1] });
    });
    if (crosshair.time !== undefined) this.point(crosshair.time, crosshair.owner === this);
  }

  /** Lines that are not in the set are hidden; undefined shows all. */
  isolate(shown: ReadonlySet<number> | undefined): void {
    this.hidden = new Set(shown ? this.options.lines.map((_, k) => k).filter((k) => !shown.has(k)) : []);
    this.options.lines.forEach((_, k) => this.u.setSeries(k + 1, { show: !this.hidden.has(k) }, false));
    this.ticks = [0, 1];
    this.range = [0, 0];
    if (this.frame) this.show(this.frame, this.finalUntil);
  }

  /** Colours or font have changed. */
  repaint(): void {
    this.u.redraw(false, true);
  }

  /** Moves the crosshair by so many buckets; from nowhere it starts at the newest. */
  step(by: number): void {
    const frame = this.frame;
    if (!frame) return;
    const last = frame.xs.length - 1;
    const at = crosshair.time === undefined ? last + (by < 0 ? 1 : 0) : this.indexAt(crosshair.time);
    const index = Math.max(0, Math.min(last, at + by));
    this.pointerTop = NaN;
    crosshair.set(frame.xs[index], this);
  }

  /** What the crosshair stands on, for a reader of screens. */
  readout(): { index: number; frame: Frame } | undefined {
    if (!this.frame || crosshair.time === undefined) return undefined;
    return { index: this.indexAt(crosshair.time), frame: this.frame };
  }

  private snap(u: uPlot, left: number): number {
    const time = left < 0 ? undefined : this.frame?.xs[u.posToIdx(left)];
    return time === undefined ? left : u.valToPos(time, "x");
  }

  private indexAt(time: number): number {
    return this.u.valToIdx(time);
  }

  private rescale(extent: readonly [number, number] | undefined): void {
    let low = extent?.[0] ?? Infinity;
    let high = extent?.[1] ?? -Infinity;
    const reach = (lines: Frame["values"] | undefined) =>
      lines?.forEach((values, k) => {
        if (this.hidden.has(k)) return;
        for (const value of values) {
          if (value === null) continue;
          if (value < low) low = value;
          if (value > high) high = value;
        }
      });
    reach(this.frame?.closed);
    // Where nothing is final yet, what is open has to do.
    if (!(high >= low)) reach(this.frame?.values);
    if (!(high >= low)) return;
    if (this.options.scale === "log") {
      this.range = [low, high > low ? high : low * 2];
      const ticks = logTicks(...this.range);
      this.ticks = ticks.length > 1 ? ticks : niceTicks(low, high, 3).filter((tick) => tick >= low && tick <= high);
      return;
    }
    const zero = this.options.zero !== false;
    const top = zero ? Math.max(high, 0) : high;
    const bottom = zero ? Math.min(low, 0) : low;
    const [heldLow, heldHigh] = this.range;
    // Scales hold their maximum, so that a passing peak does not make the whole line breathe.
    if (top <= heldHigh && top - bottom > (heldHigh - heldLow) * 0.4 && bottom >= heldLow && this.ticks.length > 2) return;
    const margin = top + 0.02 * (top - bottom);
    const end = Math.min(margin, Math.max(this.options.ceiling ?? Infinity, top)) || 1;
    this.ticks = niceTicks(bottom, end, this.u.height < 180 ? 3 : 5, this.options.unit);
    this.range = [this.ticks[0] ?? 0, this.ticks[this.ticks.length - 1] ?? 1];
  }

  private point(time: number | undefined, mine: boolean): void {
    const frame = this.frame;
    if (time === undefined || !frame || time < frame.window.from || time > frame.window.to) {
      this.u.setCursor({ left: -10, top: -10 }, false);
      this.tooltip.hide();
      return;
    }
    const index = this.indexAt(time);
    const left = this.u.valToPos(frame.xs[index] ?? time, "x");
    const nearest = this.nearestTop(frame, index);
    const top = mine && Number.isFinite(this.pointerTop) ? this.pointerTop : nearest;
    this.u.setCursor({ left, top: mine ? top : 0 }, false);
    if (!mine) {
      this.tooltip.hide();
      return;
    }
    const offset = this.u.over.offsetLeft + (this.u.over.parentElement?.offsetLeft ?? 0);
    this.tooltip.show(frame, index, this.options.lines, this.options.unit, {
      left: left + offset,
      top: top + TOP,
      value: Number.isFinite(this.pointerTop) ? this.u.posToVal(this.pointerTop, "y") : NaN,
    });
  }

  private nearestTop(frame: Frame, index: number): number {
    const values = frame.values.map((line) => line[index] ?? null).filter((value): value is number => value !== null);
    return values.length === 0 ? this.u.over.clientHeight / 2 : this.u.valToPos(Math.max(...values), "y");
  }

  private fit(): void {
    const { clientWidth: width, clientHeight: height } = this.host;
    if (width > 0 && height > 0 && (width !== this.u.width || height !== this.u.height)) {
      this.u.setSize({ width, height });
      this.ticks = [];
      this.range = [0, 0];
      if (this.frame) this.show(this.frame, this.finalUntil);
    }
  }

  private listen(): void {
    const { over } = this.u;
    const moved = (event: PointerEvent) => {
      const box = over.getBoundingClientRect();
      this.labelSelection();
      const time = this.u.posToVal(event.clientX - box.left, "x");
      if (!this.frame || !Number.isFinite(time)) return;
      // A finger hides what it points at: the readout goes above it.
      this.pointerTop = event.pointerType === "touch" ? Math.max(0, event.clientY - box.top - 72) : event.clientY - box.top;
      const at = this.frame.xs[this.indexAt(time)];
      if (at === crosshair.time && crosshair.owner === this) this.point(at, true);
      else crosshair.set(at, this);
    };
    over.addEventListener("pointermove", moved);
    over.addEventListener("pointerdown", moved);
    over.addEventListener("pointerleave", (event) => {
      if (event.pointerType !== "touch") crosshair.set(undefined, undefined);
    });
    over.addEventListener("dblclick", () => this.options.onUnzoom?.());
  }

  private settings(): uPlot.Options {
    const { lines, unit, scale } = this.options;
    const ink = (token: string) => () => color(token);
    return {
      width: Math.max(this.host.clientWidth, 60),
      height: Math.max(this.host.clientHeight, 60),
      ms: 1,
      legend: { show: false },
      padding: [TOP, RIGHT, 0, 0],
      scales: {
        x: { time: true, auto: false },
        y: scale === "log" ? { distr: 3, auto: false } : { auto: false },
      },
      cursor: {
        y: false,
        drag: { x: true, y: false, setScale: false, dist: 8 },
        bind: { dblclick: () => null },
        // The crosshair stands on a bucket, so that its time is the tooltip's.
        move: (u, left, top) => [this.snap(u, left), top],
        points: { size: 7, width: 1.5, fill: () => color("--panel"), stroke: (_, k) => color(lines[k - 1]?.token ?? "--text") },
      },
      axes: [
        {
          stroke: ink("--axis"),
          font: FONT,
          size: 22,
          gap: 5,
          grid: { show: false },
          ticks: { show: false },
          splits: (u) => this.timeSplits(u),
          values: (u, splits) => splits.map((time) => this.fitting(u, time)),
        },
        {
          stroke: ink("--axis"),
          font: FONT,
          size: (_, labels) => Math.max(56, 16 + 6.4 * Math.max(0, ...(labels ?? []).map((label) => label.length))),
          gap: 8,
          grid: { show: !this.options.under, stroke: ink("--grid"), width: 1 },
          ticks: { show: false },
          splits: () => this.ticks,
          values: () => tickLabels(this.ticks, unit),
        },
      ],
      series: [
        {},
        ...lines.map((line) => ({
          label: line.label,
          stroke: ink(line.token),
          width: line.width,
          points: { show: false },
          spanGaps: false,
        })),
      ],
      hooks: {
        drawClear: [(u) => this.beneath(u)],
        draw: [(u) => this.above(u)],
        setSelect: [(u) => this.selected(u)],
      },
    };
  }

  /** A label that would be cut at the edge is left out. */
  private fitting(u: uPlot, time: number): string {
    const label = timeLabel(time, this.timeStep);
    return u.over.clientWidth - u.valToPos(time, "x") + RIGHT < label.length * 3.4 ? "" : label;
  }

  private timeSplits(u: uPlot): number[] {
    const { min = 0, max = 1 } = u.scales.x ?? {};
    const offset = -new Date(max).getTimezoneOffset() * 60_000;
    const { ticks, step } = timeTicks(min, max, Math.max(3, Math.floor((u.width - 70) / 74)), offset);
    this.timeStep = step;
    return ticks;
  }

  private beneath(u: uPlot): void {
    const frame = this.frame;
    if (!frame) return;
    this.options.under?.(u);
    paintGaps(u, frame);
    if (!this.options.band) return;
    const [low, high] = this.options.band;
    if (!this.hidden.has(low) && !this.hidden.has(high)) paintBand(u, frame, low, high, color("--q95"));
  }

  private above(u: uPlot): void {
    const frame = this.frame;
    if (!frame) return;
    const strokes = this.options.lines.map((line) => ({ color: color(line.token), width: line.width }));
    paintOpen(u, frame, strokes, (line) => !this.hidden.has(line));
    for (const threshold of this.options.thresholds ?? []) paintThreshold(u, threshold.value, threshold.token, threshold.text);
    paintFinal(u, this.finalUntil);
    paintCorrections(u, frame);
  }

  private selected(u: uPlot): void {
    const { left, width } = u.select;
    if (width < 8) return;
    const from = u.posToVal(left, "x");
    const to = u.posToVal(left + width, "x");
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.labelSelection();
    crosshair.set(undefined, undefined);
    if (to - from >= 20_000) this.options.onZoom?.(from, to);
  }

  /** Says while dragging how long the stretch is. */
  private labelSelection(): void {
    const { left, width } = this.u.select;
    const box = this.u.over.querySelector<HTMLElement>(".u-select");
    if (!box) return;
    if (width > 0) box.dataset.span = duration(this.u.posToVal(left + width, "x") - this.u.posToVal(left, "x"));
    else delete box.dataset.span;
  }
}
