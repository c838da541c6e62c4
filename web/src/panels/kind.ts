import type { FunctionComponent } from "react";
import type { PanelSpec } from "../model/dashboard";

type Raw = Readonly<Record<string, unknown>>;

/** One kind of panel: what its options are, what they are by default, and how it looks. */
export interface PanelKind<Options> {
  readonly kind: string;
  readonly defaults: Options;
  /** Options of a document; what is not there or not valid is as in the defaults. */
  parse(raw: Raw): Options;
  readonly View: FunctionComponent<{ panel: PanelSpec; options: Options }>;
}
