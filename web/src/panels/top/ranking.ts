import type { Source } from "../panel-data";

export interface Bar {
  name: string;
  value: number;
}

/** Highest first: the newest final figure of each group, an open one only where there is no other. */
export function ranking(sources: readonly Source[], most: number): Bar[] {
  const bars = sources.map(({ query, group, buckets }) => {
    let index = buckets.length - 1;
    while (index > 0 && !buckets.final(index)) index--;
    return { name: group === "" ? "without" : group, value: index < 0 ? NaN : buckets.get(query.field, index) };
  });
  return bars
    .filter((bar) => Number.isFinite(bar.value))
    .sort((a, b) => b.value - a.value || a.name.localeCompare(b.name))
    .slice(0, most);
}
