import { useImperativeHandle, useRef, type Ref } from "react";
import { withUnit, type Unit } from "../format/units";
import type { Extent } from "./frame";
import "./legend.css";

export interface LegendHandle {
  /** Writes the figures without rendering; one entry a line. */
  update(extents: readonly Extent[]): void;
}

interface LegendProps {
  ref: Ref<LegendHandle>;
  lines: readonly { label: string; token: string }[];
  unit: Unit;
  title: string;
  /** Lines shown; undefined: all. */
  shown: ReadonlySet<number> | undefined;
  /** A click isolates, with shift it adds. */
  onPick: (line: number, add: boolean) => void;
}

const MOST = 8;

/** Name, last, min and max of each line, eight at most. */
export function Legend({ ref, lines, unit, title, shown, onPick }: LegendProps) {
  const body = useRef<HTMLTableSectionElement>(null);
  useImperativeHandle(
    ref,
    () => ({
      update(extents) {
        extents.slice(0, MOST).forEach((extent, k) => {
          const cells = body.current?.rows[k]?.cells;
          if (!cells) return;
          [extent.last, extent.min, extent.max].forEach((value, i) => {
            const cell = cells[i + 1];
            const text = withUnit(value, unit);
            if (cell && cell.textContent !== text) cell.textContent = text;
          });
        });
      },
    }),
    [unit],
  );
  return (
    <table className="legend">
      <caption className="unseen">{title}: last, lowest and highest value</caption>
      <thead>
        <tr>
          <th scope="col">
            <span className="unseen">line</span>
          </th>
          <th scope="col">last</th>
          <th scope="col">min</th>
          <th scope="col">max</th>
        </tr>
      </thead>
      <tbody ref={body}>
        {lines.slice(0, MOST).map((line, k) => (
          <tr key={line.label} data-hidden={shown && !shown.has(k) ? "" : undefined}>
            <th scope="row">
              <button type="button" aria-pressed={shown?.has(k) ?? false} onClick={(event) => onPick(k, event.shiftKey)}>
                <i style={{ background: `var(${line.token})` }} />
                {line.label}
              </button>
            </th>
            <td className="last" />
            <td />
            <td />
          </tr>
        ))}
      </tbody>
      {lines.length > MOST && (
        <tfoot>
          <tr>
            <th scope="row" className="more">
              +{lines.length - MOST}
            </th>
          </tr>
        </tfoot>
      )}
    </table>
  );
}
