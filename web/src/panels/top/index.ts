import type { PanelKind } from "../kind";
import { parseTopOptions, topDefaults, type TopOptions } from "./options";
import { TopView } from "./view";

export const top: PanelKind<TopOptions> = { kind: "MillraceTop", defaults: topDefaults, parse: parseTopOptions, View: TopView };
