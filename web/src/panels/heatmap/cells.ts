import type { Bin, Point } from "../../model/point";

/** Counts on one grid for all buckets, because each bucket's digest has edges of its own. */
export interface Cells {
  low: number;
  high: number;
  /** Edges from low to high; one more than rows. */
  edges: number[];
  /** [column][row] */
  counts: Float64Array[];
  times: number[];
  most: number;
}

const TRIM = 0.001;

/** The values between which all but a thousandth of the events at each end lie. */
function reach(points: readonly Point[]): [number, number] | undefined {
  const bins: Bin[] = points.flatMap((point) => point.histogram ?? []).filter(([, high, count]) => high > 0 && count > 0);
  if (bins.length === 0) return undefined;
  const total = bins.reduce((sum, [, , count]) => sum + count, 0);
  const byLow = [...bins].sort((a, b) => a[0] - b[0]);
  const byHigh = [...bins].sort((a, b) => b[1] - a[1]);
  return [edge(byLow, total * TRIM, 0), edge(byHigh, total * TRIM, 1)];
}

function edge(bins: readonly Bin[], skip: number, side: 0 | 1): number {
  let passed = 0;
  for (const bin of bins) {
    passed += bin[2];
    if (passed > skip) return bin[side];
  }
  return bins[bins.length - 1]?.[side] ?? 0;
}

/** Spreads each bin evenly over the rows that it covers, on a logarithmic or linear scale. */
export function cellsOf(points: readonly Point[], rows: number, scale: "log" | "linear"): Cells | undefined {
  const ends = reach(points);
  if (!ends) return undefined;
  const log = scale === "log";
  const low = log ? Math.max(ends[0], ends[1] / 1e6) : Math.min(0, ends[0]);
  const high = Math.max(ends[1], log ? low * 1.5 : low + 1e-9);
  const place = (value: number) =>
    log ? (rows * Math.log(Math.max(value, low) / low)) / Math.log(high / low) : (rows * (value - low)) / (high - low);
  const edges = Array.from({ length: rows + 1 }, (_, i) => (log ? low * (high / low) ** (i / rows) : low + ((high - low) * i) / rows));
  let most = 0;
  const shown = points.filter((point) => point.histogram !== undefined);
  const counts = shown.map((point) => {
    const column = new Float64Array(rows);
    for (const [binLow, binHigh, count] of point.histogram ?? []) spread(column, place(binLow), place(binHigh), count);
    for (const count of column) most = Math.max(most, count);
    return column;
  });
  return { low, high, edges, counts, times: shown.map((point) => point.time), most };
}

function spread(column: Float64Array, from: number, to: number, count: number): void {
  const start = Math.max(0, Math.min(column.length - 1e-9, from));
  const end = Math.max(start, Math.min(column.length, to));
  const width = end - start;
  if (width <= 0) {
    const row = Math.floor(start);
    column[row] = (column[row] ?? 0) + count;
    return;
  }
  for (let row = Math.floor(start); row < end; row++) {
    const share = (Math.min(end, row + 1) - Math.max(start, row)) / width;
    column[row] = (column[row] ?? 0) + count * share;
  }
}
