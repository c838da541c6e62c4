import { duration } from "../format/time";
import { withUnit, type Unit } from "../format/units";
import { extentOf, type Frame } from "./frame";

/** A chart in words, for those who hear it. */
export function summarize(title: string, frame: Frame, lines: readonly { label: string }[], unit: Unit): string {
  const parts = lines.slice(0, 8).map((line, k) => {
    const extent = extentOf(frame.values[k] ?? []);
    if (!Number.isFinite(extent.last)) return `${line.label} without data`;
    return `${line.label} ${withUnit(extent.last, unit)}, between ${withUnit(extent.min, unit)} and ${withUnit(extent.max, unit)}`;
  });
  const more = lines.length > 8 ? `, and ${lines.length - 8} more` : "";
  const gaps = frame.gaps.length === 0 ? "" : `; ${frame.gaps.length} ${frame.gaps.length === 1 ? "gap" : "gaps"}`;
  return `${title}, ${duration(frame.window.to - frame.window.from)}: ${parts.join("; ")}${more}${gaps}`;
}
