import type { PanelKind } from "../kind";
import { lineDefaults, parseLineOptions, type LineOptions } from "./options";
import { LineView } from "./view";

export const line: PanelKind<LineOptions> = {
  kind: "MillraceLine",
  defaults: lineDefaults,
  parse: parseLineOptions,
  View: LineView,
};
