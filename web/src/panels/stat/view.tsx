import { useCallback, useEffect, useRef } from "react";
import { buildFrame } from "../../chart/frame";
import { frameLoop } from "../../chart/frame-loop";
import { duration } from "../../format/time";
import { change, figure, withUnit } from "../../format/units";
import type { PanelSpec } from "../../model/dashboard";
import { onThemeChange } from "../../theme/theme";
import { rangeOf, useView } from "../../time/view";
import { statusOf } from "../options";
import { usePanelData } from "../panel-data";
import { PanelFrame, useFreshness } from "../panel-frame";
import { useRedraw } from "../use-redraw";
import type { StatOptions } from "./options";
import { currentValue, valueAt } from "./reading";
import { drawSparkline } from "./sparkline";
import "./stat.css";

/** One figure of now, with what it was: written into the page without rendering. */
export function StatView({ panel, options }: { panel: PanelSpec; options: StatOptions }) {
  const { redraw, onReady } = useRedraw();
  const { range } = useView();
  const ago = options.compare ? rangeOf(options.compare) : undefined;
  const span = Math.min(Math.max(range.ms, ago?.ms ?? 0), 3600_000) + (ago ? 30_000 : 0);
  const data = usePanelData(panel.queries, { span }, redraw);
  const freshness = useFreshness(useCallback(() => data.known(), [data]));
  const value = useRef<HTMLSpanElement>(null);
  const unit = useRef<HTMLElement>(null);
  const beneath = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const stale = freshness.look === "gone";

  const draw = () => {
    const source = data.sources()[0];
    if (!source || source.buckets.length === 0) return;
    const { field } = source.query;
    const window = data.window();
    const until = window.to < window.now ? window.to : Infinity;
    const now = currentValue(source.buckets, field, window.now, until);
    if (!Number.isFinite(now)) return;
    const shown = figure(now, options.unit);
    write(value.current, shown.text);
    if (unit.current && unit.current.textContent !== shown.unit) unit.current.textContent = shown.unit;
    const status = statusOf(now, options.thresholds);
    const cell = value.current?.parentElement;
    if (cell) {
      if (status && !stale) cell.dataset.status = status.token;
      else delete cell.dataset.status;
    }
    const visible = { ...window, from: window.to - Math.min(range.ms, 3600_000) };
    const frame = buildFrame([{ label: panel.title, field, buckets: source.buckets }], visible);
    const before = ago ? valueAt(source.buckets, field, window.to - ago.ms, window.step) : NaN;
    // The peak is of what is drawn, and never below the figure above it.
    const highest = frame.closed[0]?.reduce<number>((top, one) => (one !== null && !(one <= top) ? one : top), now) ?? now;
    describe(beneath.current, {
      gone: stale,
      occurrences: options.occurrences ? source.buckets.get("count", source.buckets.length - 1) : NaN,
      value: now,
      before,
      ago: ago?.ms ?? 0,
      better: options.better,
      peak: `peak ${withUnit(highest, options.unit)}`,
      word: status?.word,
    });
    if (canvas.current) drawSparkline(canvas.current, frame.xs, (field === "rate" ? frame.closed : frame.values)[0] ?? [], status?.token);
    data.drawn();
  };
  const latest = useRef(draw);
  latest.current = draw;

  useEffect(() => {
    const drawable = { interval: 0, draw: () => latest.current() };
    const remove = frameLoop.add(drawable);
    onReady(() => frameLoop.mark(drawable));
    const unsubscribe = onThemeChange(() => frameLoop.mark(drawable));
    return () => {
      remove();
      unsubscribe();
    };
  }, [onReady]);

  return (
    <PanelFrame panel={panel} className="stat" freshness={freshness}>
      <div className="row">
        <div className="figure">
          <span className="value">
            <span ref={value}>–</span>
            <small ref={unit} />
          </span>
          <div className="beneath" ref={beneath}>
            &nbsp;
          </div>
        </div>
        <canvas ref={canvas} aria-hidden="true" />
      </div>
    </PanelFrame>
  );
}

/** A smaller change than this is no news, good or bad. */
const TELLING = 0.05;

/** A changed figure does not roll: its cell is tinted for a moment. */
function write(element: HTMLElement | null, text: string): void {
  if (!element || element.textContent === text) return;
  const first = element.textContent === "–";
  element.textContent = text;
  const cell = element.parentElement;
  if (!cell || first) return;
  cell.classList.remove("changed");
  void cell.offsetWidth;
  cell.classList.add("changed");
}

interface Beneath {
  gone: boolean;
  occurrences: number;
  value: number;
  before: number;
  ago: number;
  better: "higher" | "lower" | undefined;
  peak: string;
  word: string | undefined;
}

/** The line under the figure: one thing, the most telling that is known. */
function describe(element: HTMLElement | null, facts: Beneath): void {
  if (!element) return;
  const delta = change(facts.value, facts.before);
  let look = "";
  let lead = "";
  let rest = facts.peak;
  if (facts.gone) {
    rest = "last known value";
  } else if (Number.isFinite(facts.occurrences)) {
    rest = `${Math.round(facts.value * facts.occurrences).toLocaleString()} of ${facts.occurrences.toLocaleString()}`;
  } else if (delta) {
    const up = facts.value > facts.before;
    lead = delta;
    rest = ` vs ${duration(facts.ago)} ago`;
    if (facts.better && Math.abs(facts.value / facts.before - 1) >= TELLING) look = up === (facts.better === "higher") ? "good" : "worse";
  }
  if (!facts.gone && facts.word) rest += `, ${facts.word}`;
  const text = lead + rest;
  if (element.textContent === text && element.dataset.look === look) return;
  element.dataset.look = look;
  const mark = document.createElement("span");
  mark.className = look;
  mark.textContent = lead;
  element.replaceChildren(mark, rest);
}
