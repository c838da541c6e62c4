import { withUnit, type Unit } from "../format/units";
import { clock, zone } from "../format/time";
import type { Frame } from "./frame";

interface Row {
  label: string;
  token: string;
  value: number;
  distance: number;
}

/** Figures of one moment: nearest line first, how many events, the bucket's time with its zone. */
export class Tooltip {
  private readonly box: HTMLDivElement;

  constructor(private readonly host: HTMLElement) {
    this.box = document.createElement("div");
    this.box.className = "tip";
    this.box.setAttribute("aria-hidden", "true");
    this.box.hidden = true;
    host.append(this.box);
  }

  hide(): void {
    this.box.hidden = true;
  }

  /** `left` is the crosshair in the host's pixels; the box stands beside it, never over it. */
  show(frame: Frame, index: number, lines: readonly { label: string; token: string }[], unit: Unit, pointer: { left: number; top: number; value: number }): void {
    const rows: Row[] = [];
    lines.forEach((line, k) => {
      const value = frame.values[k]?.[index] ?? null;
      if (value !== null) rows.push({ ...line, value, distance: Math.abs(value - pointer.value) });
    });
    rows.sort((a, b) => (Number.isFinite(pointer.value) ? a.distance - b.distance : b.value - a.value));
    const start = frame.starts[index] ?? NaN;
    const { step, named } = frame.window;
    const [from, to] = named === "end" ? [start - 6 * step, start] : [start, start + step];
    this.box.replaceChildren(
      ...(rows.length === 0 ? [line("no data", "", "near")] : []),
      ...rows.slice(0, 8).map((row, i) => line(row.label, withUnit(row.value, unit), i === 0 && rows.length > 1 ? "near" : "", row.token)),
      ...counts(frame, index),
      line(`${clock(from)} – ${clock(to)}`, zone(from), "when"),
    );
    this.box.hidden = false;
    this.place(pointer);
  }

  private place({ left, top }: { left: number; top: number }): void {
    const width = this.box.offsetWidth;
    const height = this.box.offsetHeight;
    const right = left + 16 + width <= this.host.clientWidth;
    this.box.style.left = `${Math.max(0, right ? left + 16 : left - 16 - width)}px`;
    this.box.style.top = `${Math.max(0, Math.min(top - height / 2, this.host.clientHeight - height))}px`;
  }
}

function counts(frame: Frame, index: number): HTMLElement[] {
  const count = frame.counts[index] ?? null;
  if (count === null) return [];
  const open = index >= frame.openFrom ? "still open" : count <= 32 ? "exact" : "";
  return [line("n", `${count.toLocaleString()}${open ? `, ${open}` : ""}`, "")];
}

function line(label: string, value: string, kind: string, token?: string): HTMLElement {
  const row = document.createElement("div");
  row.className = kind;
  const name = document.createElement("span");
  if (token) {
    const swatch = document.createElement("i");
    swatch.style.background = `var(${token})`;
    name.append(swatch);
  }
  name.append(label);
  const figure = document.createElement("span");
  figure.textContent = value;
  row.append(name, figure);
  return row;
}
