/** Tokens of the series palette, in the order in which series take them. */
export const SERIES = ["--s1", "--s2", "--s3", "--s4", "--s5", "--s6", "--s7", "--s8"] as const;

/** Quantiles of one metric: one hue, three lightnesses. */
export const QUANTILES = { p50: "--q50", p95: "--q95", p99: "--q99" } as const;

export const seriesToken = (index: number): string => SERIES[index % SERIES.length] ?? "--s1";
