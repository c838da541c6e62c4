export type Unit = "count" | "bytes" | "bytes/s" | "seconds" | "percent" | "ratio" | "rate" | "none";

/** A figure cut into its digits and its unit, because the unit is set smaller. */
export interface Figure {
  text: string;
  unit: string;
}

interface Scale {
  factor: number;
  unit: string;
}

const MINUS = "\u2212";
const THIN = "\u00a0";

const BYTES = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;
const COUNTS: readonly Scale[] = [
  { factor: 1e12, unit: "T" },
  { factor: 1e9, unit: "G" },
  { factor: 1e6, unit: "M" },
  { factor: 1e3, unit: "k" },
  { factor: 1, unit: "" },
];
const SECONDS: readonly Scale[] = [
  { factor: 86400, unit: "d" },
  { factor: 3600, unit: "h" },
  { factor: 120, unit: "min" },
  { factor: 1, unit: "s" },
  { factor: 1e-3, unit: "ms" },
  { factor: 1e-6, unit: "µs" },
  { factor: 1e-9, unit: "ns" },
];

function pick(scales: readonly Scale[], magnitude: number): Scale {
  const found = scales.find((scale) => magnitude >= scale.factor) ?? scales[scales.length - 1];
  return found ?? { factor: 1, unit: "" };
}

/** How one axis or one figure of this size is scaled: value / factor, followed by unit. */
export function scaleFor(unit: Unit, magnitude: number): Scale {
  const size = Math.abs(magnitude);
  switch (unit) {
    case "bytes":
    case "bytes/s": {
      const power = Math.min(BYTES.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(size, 1)) / 10)));
      return { factor: 1024 ** power, unit: (BYTES[power] ?? "B") + (unit === "bytes/s" ? "/s" : "") };
    }
    case "seconds": {
      if (size === 0) return { factor: 1, unit: "s" };
      const scale = pick(SECONDS, size);
      return scale.unit === "min" ? { factor: 60, unit: "min" } : scale;
    }
    case "percent":
      return { factor: 1, unit: "%" };
    case "ratio":
      return { factor: 0.01, unit: "%" };
    case "rate": {
      const scale = pick(COUNTS, size);
      return { factor: scale.factor < 1 || size < 1e3 ? 1 : scale.factor, unit: `${size < 1e3 ? "" : scale.unit}/s` };
    }
    case "count": {
      if (size < 1e3) return { factor: 1, unit: "" };
      return pick(COUNTS, size);
    }
    case "none":
      return { factor: 1, unit: "" };
  }
}

const formats = new Map<number, Intl.NumberFormat>();

/** Locale's digits with a fixed number of decimals, and a true minus sign. */
export function decimals(value: number, places: number): string {
  let format = formats.get(places);
  if (!format) {
    format = new Intl.NumberFormat(undefined, { minimumFractionDigits: places, maximumFractionDigits: places });
    formats.set(places, format);
  }
  return format.format(Object.is(value, -0) ? 0 : value).replace("-", MINUS);
}

function places(value: number): number {
  const size = Number(Math.abs(value).toPrecision(3));
  if (size === 0) return 0;
  if (size < 0.1) return 3;
  if (size < 1) return 2;
  if (size < 10) return 1;
  return 0;
}

/** Three significant digits at most, never an exponent; absent is a dash, never 0. */
export function figure(value: number, unit: Unit): Figure {
  if (!Number.isFinite(value)) return { text: "–", unit: "" };
  let scale = scaleFor(unit, value);
  // 999.7 would be written 1,000: the next scale says 1.0.
  if (Number(Math.abs(value / scale.factor).toPrecision(3)) >= 1000) scale = scaleFor(unit, value * 1.001);
  const scaled = value / scale.factor;
  const size = Math.abs(scaled);
  const percent = unit === "percent" || unit === "ratio";
  const digits = percent ? (size === 0 ? 0 : size < 1 ? 2 : size < 10 ? 1 : 0) : wholeCount(unit, value) ? 0 : places(scaled);
  return { text: decimals(scaled, digits), unit: scale.unit };
}

const wholeCount = (unit: Unit, value: number): boolean =>
  unit === "count" && Number.isInteger(value) && Math.abs(value) < 1e3;

/** "92 ms", "1.2 k", "0.46 %": figure and unit with a space that does not break; "25/s" without one. */
export function withUnit(value: number, unit: Unit): string {
  const { text, unit: name } = figure(value, unit);
  if (name === "") return text;
  return name.startsWith("/") ? text + name : text + THIN + name;
}

/** "+11 %", "−4 %"; undefined when there is nothing to compare with. */
export function change(now: number, before: number): string | undefined {
  if (!Number.isFinite(now) || !Number.isFinite(before) || before === 0) return undefined;
  const percent = Math.round(100 * (now / before - 1));
  if (percent === 0) return `±0${THIN}%`;
  return `${percent > 0 ? "+" : MINUS}${decimals(Math.abs(percent), 0)}${THIN}%`;
}

/** Default unit by the suffix of a metric's name, as the server does. */
export function unitOf(metric: string): Unit {
  if (metric.endsWith("_bytes")) return "bytes";
  if (metric.endsWith("_seconds")) return "seconds";
  if (metric.endsWith("_ratio")) return "ratio";
  if (metric.endsWith("_percent")) return "percent";
  return "count";
}
