import { rangeOf } from "../../time/view";
import type { Unit } from "../../format/units";
import { textOption, thresholdsOption, unitOption, type Thresholds } from "../options";

export interface StatOptions {
  unit: Unit;
  thresholds: Thresholds;
  /** Compared with so long ago: a range's key. */
  compare: string | undefined;
  /** Which direction is good; without it a change has no colour. */
  better: "higher" | "lower" | undefined;
  /** The value is the share of events that are 1: "7 of 1,512" beneath it. */
  occurrences: boolean;
}

export const statDefaults: StatOptions = {
  unit: "count",
  thresholds: {},
  compare: undefined,
  better: undefined,
  occurrences: false,
};

export function parseStatOptions(raw: Readonly<Record<string, unknown>>): StatOptions {
  const compare = textOption(raw, "compare");
  return {
    unit: unitOption(raw, statDefaults.unit),
    thresholds: thresholdsOption(raw),
    compare: compare && rangeOf(compare) ? compare : undefined,
    better: raw.better === "higher" || raw.better === "lower" ? raw.better : undefined,
    occurrences: raw.occurrences === true,
  };
}
