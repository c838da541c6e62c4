import type { Unit } from "../../format/units";
import { numberOption, textOption, thresholdsOption, unitOption, type Thresholds } from "../options";

export interface LineOptions {
  unit: Unit;
  /** Lines are quantiles of one metric: one hue, a band between the two lowest. */
  quantiles: boolean;
  /** The scale begins at 0; else where the values do. */
  zero: boolean;
  /** The scale never reaches beyond it. */
  max: number | undefined;
  thresholds: Thresholds;
  thresholdLabel: string | undefined;
}

export const lineDefaults: LineOptions = {
  unit: "count",
  quantiles: false,
  zero: true,
  max: undefined,
  thresholds: {},
  thresholdLabel: undefined,
};

export const parseLineOptions = (raw: Readonly<Record<string, unknown>>): LineOptions => ({
  unit: unitOption(raw, lineDefaults.unit),
  quantiles: raw.quantiles === true,
  zero: raw.zero !== false,
  max: numberOption(raw, "max"),
  thresholds: thresholdsOption(raw),
  thresholdLabel: textOption(raw, "thresholdLabel"),
});
