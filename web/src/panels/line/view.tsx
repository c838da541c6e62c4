import { useCallback, useMemo, useRef, useState } from "react";
import { buildFrame, type Frame } from "../../chart/frame";
import { FrameTable } from "../../chart/frame-table";
import { Legend, type LegendHandle } from "../../chart/legend";
import { Plot, type Drawing } from "../../chart/plot";
import type { ChartOptions, Threshold } from "../../chart/time-chart";
import { withUnit } from "../../format/units";
import type { PanelSpec } from "../../model/dashboard";
import { lookOf, nothingYet, type Look } from "../nothing";
import { usePanelData } from "../panel-data";
import { PanelFrame, useFreshness } from "../panel-frame";
import { useRedraw } from "../use-redraw";
import { extents, linesOf, type PanelLine } from "./lines";
import type { LineOptions } from "./options";

type Shape = Pick<PanelLine, "label" | "token" | "width">;

const keyOf = (lines: readonly Shape[]): string => lines.map((line) => `${line.label}\u0000${line.token}`).join("\u0001");

/** Lines of a metric: quantiles with a band, groups, or several metrics of one unit. */
export function LineView({ panel, options }: { panel: PanelSpec; options: LineOptions }) {
  const { redraw, onReady } = useRedraw();
  const data = usePanelData(panel.queries, {}, redraw);
  const freshness = useFreshness(useCallback(() => data.known(), [data]));
  const [shapes, setShapes] = useState<readonly Shape[]>([]);
  const [shown, setShown] = useState<ReadonlySet<number>>();
  const [table, setTable] = useState(false);
  const [look, setLook] = useState<Look>("loading");
  const legend = useRef<LegendHandle>(null);
  const order = useRef<readonly string[]>([]);
  const frame = useRef<Frame>(undefined);

  const draw = (): Drawing | undefined => {
    const sources = data.sources().filter((source) => source.buckets.length > 0);
    if (sources.length === 0) {
      setLook(lookOf(data));
      return undefined;
    }
    const lines = keepOrder(linesOf(sources, options.quantiles), order.current);
    order.current = lines.map((line) => line.label);
    if (keyOf(lines) !== keyOf(shapes)) {
      setShapes(lines.map(({ label, token, width }) => ({ label, token, width })));
      setShown(undefined);
      return undefined;
    }
    frame.current = buildFrame(lines, data.window());
    setLook(frame.current.values.some((values) => values.some((value) => value !== null)) ? "shown" : lookOf(data));
    legend.current?.update(extents(frame.current.values));
    data.drawn();
    return { frame: frame.current, finalUntil: frame.current.finalUntil };
  };

  const chart = useMemo(() => chartOptions(shapes, options), [shapes, options]);
  const pick = (line: number, add: boolean) =>
    setShown((old) => {
      if (!add) return old?.size === 1 && old.has(line) ? undefined : new Set([line]);
      const next = new Set(old ?? []);
      if (!next.delete(line)) next.add(line);
      return next.size === 0 || next.size === shapes.length ? undefined : next;
    });

  return (
    <PanelFrame
      panel={panel}
      className="line"
      freshness={freshness}
      table={{ shown: table, toggle: () => setTable((old) => !old) }}
      say={nothingYet(data, look)}
    >
      {table ? (
        <FrameTable title={panel.title} lines={shapes} unit={options.unit} frame={() => frame.current} />
      ) : (
        <Plot title={panel.title} options={chart} shown={shown} draw={draw} onReady={onReady} onVisible={(visible) => data.show(visible)} />
      )}
      {shapes.length > 0 && !table && (
        <Legend ref={legend} lines={shapes} unit={options.unit} title={panel.title} shown={shown} onPick={pick} />
      )}
    </PanelFrame>
  );
}

/** A legend that reorders itself under the eye can't be read: known lines keep their places. */
function keepOrder(lines: PanelLine[], before: readonly string[]): PanelLine[] {
  const same = lines.length === before.length && lines.every((line) => before.includes(line.label));
  return same ? [...lines].sort((a, b) => before.indexOf(a.label) - before.indexOf(b.label)) : lines;
}

function chartOptions(lines: readonly Shape[], options: LineOptions): ChartOptions {
  const thresholds: Threshold[] = [];
  const { warn, bad } = options.thresholds;
  if (warn !== undefined) thresholds.push({ value: warn, token: "--warn" });
  if (bad !== undefined) thresholds.push({ value: bad, token: "--bad", text: options.thresholdLabel ?? `limit ${withUnit(bad, options.unit)}` });
  const middle = lines.findIndex((line) => line.token === "--q50");
  const high = lines.findIndex((line) => line.token === "--q95");
  return {
    unit: options.unit,
    scale: "linear",
    zero: options.zero,
    lines,
    thresholds,
    ...(options.quantiles && middle >= 0 && high >= 0 ? { band: [middle, high] as const } : {}),
    ...(options.max === undefined ? {} : { ceiling: options.max }),
  };
}
