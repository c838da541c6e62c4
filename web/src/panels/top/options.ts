import type { Unit } from "../../format/units";
import { numberOption, thresholdsOption, unitOption, type Thresholds } from "../options";

export interface TopOptions {
  unit: Unit;
  thresholds: Thresholds;
  /** A full bar; undefined: the highest value. */
  max: number | undefined;
}

export const topDefaults: TopOptions = { unit: "count", thresholds: {}, max: undefined };

export const parseTopOptions = (raw: Readonly<Record<string, unknown>>): TopOptions => ({
  unit: unitOption(raw, topDefaults.unit),
  thresholds: thresholdsOption(raw),
  max: numberOption(raw, "max"),
});
