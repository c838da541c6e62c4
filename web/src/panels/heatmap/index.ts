import type { PanelKind } from "../kind";
import { heatMapDefaults, parseHeatMapOptions, type HeatMapOptions } from "./options";
import { HeatMapView } from "./view";

export const heatMap: PanelKind<HeatMapOptions> = {
  kind: "MillraceHeatMap",
  defaults: heatMapDefaults,
  parse: parseHeatMapOptions,
  View: HeatMapView,
};
