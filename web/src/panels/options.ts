import type { Unit } from "../format/units";
import { isObject } from "../model/point";

type Raw = Readonly<Record<string, unknown>>;

export interface Thresholds {
  warn?: number;
  bad?: number;
}

const UNITS: readonly Unit[] = ["count", "bytes", "bytes/s", "seconds", "percent", "ratio", "rate", "none"];

export const unitOption = (raw: Raw, fallback: Unit = "count"): Unit => UNITS.find((unit) => unit === raw.unit) ?? fallback;

export const numberOption = (raw: Raw, key: string): number | undefined => {
  const value = raw[key];
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
};

export const textOption = (raw: Raw, key: string): string | undefined => {
  const value = raw[key];
  return typeof value === "string" && value !== "" ? value : undefined;
};

export function thresholdsOption(raw: Raw): Thresholds {
  if (!isObject(raw.thresholds)) return {};
  const thresholds: Thresholds = {};
  const warn = numberOption(raw.thresholds, "warn");
  const bad = numberOption(raw.thresholds, "bad");
  if (warn !== undefined) thresholds.warn = warn;
  if (bad !== undefined) thresholds.bad = bad;
  return thresholds;
}

/** The token of the status that a value has, and the word for it; undefined when it has none. */
export function statusOf(value: number, thresholds: Thresholds): { token: string; word: string } | undefined {
  if (thresholds.bad !== undefined && value >= thresholds.bad) return { token: "--bad", word: "critical" };
  if (thresholds.warn !== undefined && value >= thresholds.warn) return { token: "--warn", word: "high" };
  return undefined;
}
