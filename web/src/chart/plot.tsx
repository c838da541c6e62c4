import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { clock } from "../format/time";
import { withUnit } from "../format/units";
import { onThemeChange } from "../theme/theme";
import { useViewStore } from "../time/view";
import { crosshair } from "./crosshair";
import type { Frame } from "./frame";
import { frameLoop } from "./frame-loop";
import { summarize } from "./summary";
import { TimeChart, type ChartOptions } from "./time-chart";

/** A drawing's worth of data, made anew for each; undefined keeps what is on screen. */
export interface Drawing {
  frame: Frame;
  finalUntil: number;
  extent?: readonly [number, number];
}

interface PlotProps {
  title: string;
  options: ChartOptions;
  shown: ReadonlySet<number> | undefined;
  /** Called in the page's frame, four times a second at most. */
  draw: () => Drawing | undefined;
  /** Told of the function that asks for a drawing. */
  onReady: (redraw: () => void) => void;
  onVisible: (visible: boolean) => void;
}

const DRAW_EVERY = 250;
const SUMMARY_EVERY = 5000;

/** Holds a chart's canvas: draws in the shared frame, moves the crosshair by keys, tells readers what is to be seen. */
export function Plot({ title, options, shown, draw, onReady, onVisible }: PlotProps) {
  const outer = useRef<HTMLDivElement>(null);
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<TimeChart>(undefined);
  const latest = useRef(draw);
  latest.current = draw;
  const visible = useRef(onVisible);
  visible.current = onVisible;
  const views = useViewStore();
  const [readout, setReadout] = useState("");

  useEffect(() => {
    const element = host.current;
    const frame = outer.current;
    if (!element || !frame) return;
    const made = new TimeChart(element, { ...options, onZoom: (from, to) => views.zoom(from, to), onUnzoom: () => views.unzoom() });
    chart.current = made;
    let summarized = -Infinity;
    const drawable = {
      interval: DRAW_EVERY,
      draw: () => {
        const drawing = latest.current();
        if (!drawing) return;
        made.show(drawing.frame, drawing.finalUntil, drawing.extent);
        if (performance.now() - summarized < SUMMARY_EVERY) return;
        summarized = performance.now();
        frame.setAttribute("aria-label", summarize(title, drawing.frame, options.lines, options.unit));
      },
    };
    const remove = frameLoop.add(drawable);
    onReady(() => frameLoop.mark(drawable));
    // A little before it is seen, so that scrolling meets no blank frame.
    const observer = new IntersectionObserver(
      (entries) => {
        const seen = entries[entries.length - 1]?.isIntersecting ?? true;
        frameLoop.setVisible(drawable, seen);
        visible.current(seen);
      },
      { rootMargin: "300px" },
    );
    observer.observe(frame);
    const unsubscribe = onThemeChange(() => made.repaint());
    void document.fonts.ready.then(() => made.repaint());
    return () => {
      remove();
      observer.disconnect();
      unsubscribe();
      made.destroy();
      chart.current = undefined;
    };
  }, [options, title, views, onReady]);

  useEffect(() => chart.current?.isolate(shown), [shown, options]);

  const onKeyDown = (event: KeyboardEvent) => {
    const steps: Partial<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -1e6, End: 1e6 };
    const by = steps[event.key];
    if (event.key === "Escape") {
      crosshair.set(undefined, undefined);
      views.unzoom();
      return;
    }
    if (by === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    chart.current?.step(event.shiftKey ? by * 10 : by);
    const at = chart.current?.readout();
    if (!at) return;
    const figures = options.lines.map((line, k) => {
      const value = at.frame.values[k]?.[at.index] ?? null;
      return `${line.label} ${value === null ? "no data" : withUnit(value, options.unit)}`;
    });
    setReadout(`${clock(at.frame.starts[at.index] ?? 0)}: ${figures.join(", ")}`);
  };

  return (
    <div
      ref={outer}
      className="chart"
      role="group"
      aria-roledescription="chart"
      aria-label={title}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onBlur={() => {
        if (crosshair.owner === chart.current) crosshair.set(undefined, undefined);
      }}
    >
      <div ref={host} className="plot" aria-hidden="true" />
      <span className="unseen" role="status">
        {readout}
      </span>
    </div>
  );
}
