import type { Unit } from "../../format/units";
import { unitOption } from "../options";

export interface HeatMapOptions {
  unit: Unit;
  scale: "log" | "linear";
}

export const heatMapDefaults: HeatMapOptions = { unit: "count", scale: "log" };

export const parseHeatMapOptions = (raw: Readonly<Record<string, unknown>>): HeatMapOptions => ({
  unit: unitOption(raw, heatMapDefaults.unit),
  scale: raw.scale === "linear" ? "linear" : heatMapDefaults.scale,
});
