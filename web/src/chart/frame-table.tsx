import { useEffect, useState } from "react";
import { moment } from "../format/time";
import { withUnit, type Unit } from "../format/units";
import type { Frame } from "./frame";

interface FrameTableProps {
  title: string;
  lines: readonly { label: string }[];
  unit: Unit;
  frame: () => Frame | undefined;
}

/** The same figures as the chart, newest first, for those who read rather than look. */
export function FrameTable({ title, lines, unit, frame }: FrameTableProps) {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), 2000);
    return () => clearInterval(timer);
  }, []);
  const shown = frame();
  return (
    <div className="rows" tabIndex={0} role="region" aria-label={`${title}, table`}>
      <table>
        <thead>
          <tr>
            <th scope="col">time</th>
            {lines.map((line) => (
              <th scope="col" key={line.label}>
                {line.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown?.starts
            .map((start, i) => ({ start, i }))
            .reverse()
            .filter(({ i }) => shown.values.some((values) => (values[i] ?? null) !== null))
            .map(({ start, i }) => (
              <tr key={start}>
                <th scope="row">
                  {moment(start, shown.window.now)}
                  {i >= shown.openFrom ? " (open)" : ""}
                </th>
                {lines.map((line, k) => (
                  <td key={line.label}>{withUnit(shown.values[k]?.[i] ?? NaN, unit)}</td>
                ))}
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  );
}
