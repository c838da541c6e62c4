import type { Unit } from "../../format/units";
import { numberOption, unitOption } from "../options";

export interface HeatMapOptions {
  unit: Unit;
  scale: "log" | "linear";
  /** The scale never reaches beyond it. */
  max: number | undefined;
}

export const heatMapDefaults: HeatMapOptions = { unit: "count", scale: "log", max: undefined };

export const parseHeatMapOptions = (raw: Readonly<Record<string, unknown>>): HeatMapOptions => ({
  unit: unitOption(raw, heatMapDefaults.unit),
  scale: raw.scale === "linear" ? "linear" : heatMapDefaults.scale,
  max: numberOption(raw, "max"),
});
