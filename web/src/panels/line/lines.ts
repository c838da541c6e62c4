import { extentOf, readField, type Buckets } from "../../chart/frame";
import type { ChartLine } from "../../chart/time-chart";
import type { Field } from "../../model/point";
import { QUANTILES, seriesToken } from "../../theme/palette";
import type { Source } from "../panel-data";

/** A line with where its figures come from. */
export interface PanelLine extends ChartLine {
  field: Field;
  buckets: Buckets;
}

const MOST = 24;

const isQuantile = (field: Field): field is keyof typeof QUANTILES => field in QUANTILES;

/** "core 3" from the label "core" and the group "3"; the group alone when it speaks for itself. */
export function labelOf(source: Source): string {
  const { query, group } = source;
  if (!query.groupBy) return query.label ?? query.name;
  if (group === "") return "without";
  return /^\d/.test(group) && query.label ? `${query.label} ${group}` : group;
}

/** Lines in the legend's order: by value, and each group keeps the colour of its place in the alphabet. */
export function linesOf(sources: readonly Source[], quantiles: boolean): PanelLine[] {
  const byName = [...sources].sort((a, b) => (a.query.groupBy && b.query.groupBy ? compare(a.group, b.group) : 0));
  const lines = byName.slice(0, MOST).map((source, i): PanelLine => {
    const { field } = source.query;
    const quantile = quantiles && isQuantile(field);
    return {
      label: labelOf(source),
      token: quantile ? QUANTILES[field] : seriesToken(i),
      width: quantile && field === "p99" ? 1.25 : 1.5,
      field,
      buckets: source.buckets,
    };
  });
  return lines.sort((a, b) => (quantiles ? b.field.localeCompare(a.field) : 0) || average(b) - average(a));
}

const compare = (a: string, b: string): number => a.localeCompare(b, undefined, { numeric: true });

function average(line: PanelLine): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < line.buckets.length; i++) {
    const value = readField(line.buckets, line.field, i, 10_000, Infinity);
    if (!Number.isFinite(value)) continue;
    sum += value;
    count++;
  }
  return count === 0 ? -Infinity : sum / count;
}

export const extents = (values: readonly (readonly (number | null)[])[]) => values.map(extentOf);
