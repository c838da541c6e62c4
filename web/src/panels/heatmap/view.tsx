import { useCallback, useMemo, useRef, useState } from "react";
import type uPlot from "uplot";
import { buildFrame, type Frame } from "../../chart/frame";
import { FrameTable } from "../../chart/frame-table";
import { Plot, type Drawing } from "../../chart/plot";
import type { ChartOptions } from "../../chart/time-chart";
import { duration } from "../../format/time";
import { figure } from "../../format/units";
import type { PanelSpec } from "../../model/dashboard";
import { PointStore } from "../../query/feed";
import { lookOf, nothingYet, type Look } from "../nothing";
import { usePanelData } from "../panel-data";
import { PanelFrame, useFreshness } from "../panel-frame";
import { useRedraw } from "../use-redraw";
import { cellsOf, type Cells } from "./cells";
import "./heatmap.css";
import type { HeatMapOptions } from "./options";
import { heat } from "./ramp";

const BINS = 24;
const ROWS = 22;
const LINE = [{ label: "p95", token: "--over-heat", width: 1.5 }] as const;

/** How values spread over time, from each bucket's digest, with a quantile over it. */
export function HeatMapView({ panel, options }: { panel: PanelSpec; options: HeatMapOptions }) {
  const { redraw, onReady } = useRedraw();
  const data = usePanelData(panel.queries, { bins: BINS, queryOnly: true }, redraw);
  const freshness = useFreshness(useCallback(() => data.known(), [data]));
  const cells = useRef<Cells>(undefined);
  const frame = useRef<Frame>(undefined);
  const most = useRef<HTMLSpanElement>(null);
  const [table, setTable] = useState(false);
  const [look, setLook] = useState<Look>("loading");

  const draw = (): Drawing | undefined => {
    const source = data.sources()[0];
    if (!source || !(source.buckets instanceof PointStore) || source.buckets.length === 0) {
      setLook(lookOf(data));
      return undefined;
    }
    const window = data.window();
    const final = source.buckets.points.filter((point) => point.final);
    const made = cellsOf(final, ROWS, options.scale);
    setLook(made ? "shown" : lookOf(data));
    if (!made) return undefined;
    cells.current = made;
    frame.current = buildFrame([{ label: "p95", field: source.query.field, buckets: source.buckets }], window);
    if (most.current) most.current.textContent = `${figure(Math.ceil(made.most), "count").text} events in ${duration(window.step)}`;
    return { frame: frame.current, finalUntil: NaN, extent: [made.low, made.high] };
  };

  const chart = useMemo(
    (): ChartOptions => ({
      unit: options.unit,
      scale: options.scale,
      lines: LINE,
      ...(options.max === undefined ? {} : { ceiling: options.max }),
      under: (u) => paintCells(u, cells.current, frame.current?.window.step ?? 10_000),
    }),
    [options],
  );

  return (
    <PanelFrame
      panel={panel}
      className="heatmap"
      freshness={freshness}
      table={{ shown: table, toggle: () => setTable((old) => !old) }}
      say={nothingYet(data, look)}
    >
      {table ? (
        <FrameTable title={panel.title} lines={LINE} unit={options.unit} frame={() => frame.current} />
      ) : (
        <Plot title={panel.title} options={chart} shown={undefined} draw={draw} onReady={onReady} onVisible={(visible) => data.show(visible)} />
      )}
      <div className="scale" aria-hidden={look !== "shown"}>
        <span>
          <u />
          p95
        </span>
        <span>0</span>
        <i />
        <span ref={most} />
      </div>
    </PanelFrame>
  );
}

function paintCells(u: uPlot, cells: Cells | undefined, step: number): void {
  if (!cells || cells.most === 0) return;
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  const tops = cells.edges.map((edge) => Math.round(u.valToPos(edge, "y", true)));
  cells.times.forEach((time, column) => {
    const left = Math.round(u.valToPos(time, "x", true));
    const right = Math.round(u.valToPos(time + step, "x", true));
    const counts = cells.counts[column];
    if (!counts || right <= bbox.left) return;
    counts.forEach((count, row) => {
      if (count < 0.02) return;
      const bottom = tops[row] ?? 0;
      const top = tops[row + 1] ?? 0;
      ctx.fillStyle = heat(count / cells.most);
      ctx.fillRect(left, top, right - left, bottom - top);
    });
  });
  ctx.restore();
}
