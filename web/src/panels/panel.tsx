import { useMemo } from "react";
import type { PanelSpec } from "../model/dashboard";
import { heatMap } from "./heatmap";
import type { PanelKind } from "./kind";
import { line } from "./line";
import { PanelFrame } from "./panel-frame";
import { stat } from "./stat";
import { top } from "./top";

function Of<Options>({ kind, panel }: { kind: PanelKind<Options>; panel: PanelSpec }) {
  const options = useMemo(() => kind.parse(panel.options), [kind, panel]);
  return <kind.View panel={panel} options={options} />;
}

/** A document's panel as its kind draws it; an unknown kind says so in its own place. */
export function Panel({ panel }: { panel: PanelSpec }) {
  switch (panel.kind) {
    case stat.kind:
      return <Of kind={stat} panel={panel} />;
    case line.kind:
      return <Of kind={line} panel={panel} />;
    case top.kind:
      return <Of kind={top} panel={panel} />;
    case heatMap.kind:
      return <Of kind={heatMap} panel={panel} />;
    default:
      return (
        <PanelFrame
          panel={panel}
          className="unknown"
          freshness={{ look: "current", text: "" }}
          say={
            <>
              <b>“{panel.kind}” is not a panel of this version</b>
              <span>known: {[stat, line, top, heatMap].map((kind) => kind.kind).join(", ")}</span>
            </>
          }
        >
          {null}
        </PanelFrame>
      );
  }
}
