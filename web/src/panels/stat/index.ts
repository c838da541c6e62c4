import type { PanelKind } from "../kind";
import { parseStatOptions, statDefaults, type StatOptions } from "./options";
import { StatView } from "./view";

export const stat: PanelKind<StatOptions> = {
  kind: "MillraceStat",
  defaults: statDefaults,
  parse: parseStatOptions,
  View: StatView,
};
