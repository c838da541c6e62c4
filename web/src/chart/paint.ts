import type uPlot from "uplot";
import { color } from "../theme/theme";
import type { Frame } from "./frame";

const ratio = (): number => window.devicePixelRatio || 1;

const patterns = new Map<string, CanvasPattern>();

/** Diagonal hatching: the look of "no data", and of nothing else. */
function hatch(context: CanvasRenderingContext2D): CanvasPattern | string {
  const ink = color("--hatch");
  const scale = ratio();
  const key = `${ink}@${scale}`;
  const known = patterns.get(key);
  if (known) return known;
  const size = Math.round(6 * scale);
  const tile = document.createElement("canvas");
  tile.width = size;
  tile.height = size;
  const pen = tile.getContext("2d");
  if (!pen) return ink;
  pen.strokeStyle = ink;
  pen.lineWidth = scale;
  pen.beginPath();
  for (const shift of [-size, 0, size]) {
    pen.moveTo(shift, size);
    pen.lineTo(shift + size, 0);
  }
  pen.stroke();
  const pattern = context.createPattern(tile, "repeat");
  if (!pattern) return ink;
  patterns.set(key, pattern);
  return pattern;
}

const x = (u: uPlot, time: number): number => u.valToPos(time, "x", true);
const y = (u: uPlot, value: number): number => u.valToPos(value, "y", true);

/** Hatched stretches with "no data" where there is room for the words. */
export function paintGaps(u: uPlot, frame: Frame): void {
  const { ctx, bbox } = u;
  for (const [from, to] of frame.gaps) {
    const left = Math.max(bbox.left, x(u, from));
    const right = Math.min(bbox.left + bbox.width, x(u, to));
    if (right - left < 1) continue;
    ctx.fillStyle = hatch(ctx);
    ctx.fillRect(left, bbox.top, right - left, bbox.height);
    label(u, "no data", (left + right) / 2, bbox.top + 14 * ratio(), right - left);
  }
}

function label(u: uPlot, text: string, centre: number, top: number, room: number): void {
  const { ctx } = u;
  ctx.font = `400 ${11 * ratio()}px Inter, system-ui, sans-serif`;
  const width = ctx.measureText(text).width + 8 * ratio();
  if (width > room) return;
  ctx.fillStyle = color("--panel");
  ctx.fillRect(centre - width / 2, top - 11 * ratio(), width, 15 * ratio());
  ctx.fillStyle = color("--axis");
  ctx.textAlign = "center";
  ctx.textBaseline = "alphabetic";
  ctx.fillText(text, centre, top);
}

/** Buckets that are not final: dashed, from the last final point on. Points without neighbours: dots. */
export function paintOpen(u: uPlot, frame: Frame, strokes: readonly { color: string; width: number }[], shown: (line: number) => boolean): void {
  const { ctx } = u;
  ctx.save();
  clip(u);
  frame.values.forEach((values, k) => {
    const stroke = strokes[k];
    if (!stroke || !shown(k)) return;
    ctx.strokeStyle = stroke.color;
    ctx.fillStyle = stroke.color;
    ctx.lineWidth = stroke.width * ratio();
    ctx.setLineDash([2 * ratio(), 3 * ratio()]);
    ctx.beginPath();
    for (let i = Math.max(1, frame.openFrom); i < values.length; i++) {
      const before = values[i - 1] ?? null;
      const value = values[i] ?? null;
      if (before === null || value === null) continue;
      ctx.moveTo(x(u, frame.xs[i - 1] ?? 0), y(u, before));
      ctx.lineTo(x(u, frame.xs[i] ?? 0), y(u, value));
    }
    ctx.stroke();
    ctx.setLineDash([]);
    for (let i = 0; i < values.length; i++) {
      const value = values[i] ?? null;
      if (value === null || (values[i - 1] ?? null) !== null || (values[i + 1] ?? null) !== null) continue;
      ctx.beginPath();
      ctx.arc(x(u, frame.xs[i] ?? 0), y(u, value), 1.75 * ratio(), 0, 2 * Math.PI);
      ctx.fill();
    }
  });
  ctx.restore();
}

function clip(u: uPlot): void {
  u.ctx.beginPath();
  u.ctx.rect(u.bbox.left, u.bbox.top - 1, u.bbox.width, u.bbox.height + 2);
  u.ctx.clip();
}

/** A thin dotted line: before it nothing more is expected. */
export function paintFinal(u: uPlot, finalUntil: number): void {
  const { ctx, bbox } = u;
  if (!Number.isFinite(finalUntil)) return;
  const at = x(u, finalUntil);
  if (at < bbox.left || at > bbox.left + bbox.width) return;
  ctx.save();
  ctx.strokeStyle = color("--axis");
  ctx.lineWidth = ratio();
  ctx.setLineDash([ratio(), 3 * ratio()]);
  ctx.beginPath();
  ctx.moveTo(at, bbox.top);
  ctx.lineTo(at, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}

/** A tick under the axis where late data corrected the past. */
export function paintCorrections(u: uPlot, frame: Frame): void {
  const { ctx, bbox } = u;
  ctx.fillStyle = color("--accent");
  for (const time of frame.corrected) {
    const at = x(u, time);
    if (at < bbox.left || at > bbox.left + bbox.width) continue;
    ctx.fillRect(at - 2.5 * ratio(), bbox.top + bbox.height + ratio(), 5 * ratio(), 3 * ratio());
  }
}

export function paintThreshold(u: uPlot, value: number, token: string, text: string | undefined): void {
  const { ctx, bbox } = u;
  const at = y(u, value);
  if (at < bbox.top || at > bbox.top + bbox.height) return;
  ctx.save();
  ctx.strokeStyle = color(token);
  ctx.lineWidth = ratio();
  ctx.setLineDash([4 * ratio(), 3 * ratio()]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, at);
  ctx.lineTo(bbox.left + bbox.width, at);
  ctx.stroke();
  ctx.restore();
  if (!text) return;
  ctx.font = `400 ${11 * ratio()}px Inter, system-ui, sans-serif`;
  ctx.textAlign = "left";
  ctx.textBaseline = "alphabetic";
  const width = ctx.measureText(text).width;
  ctx.fillStyle = color("--panel");
  ctx.fillRect(bbox.left + 2 * ratio(), at - 15 * ratio(), width + 4 * ratio(), 13 * ratio());
  ctx.fillStyle = color(token);
  ctx.fillText(text, bbox.left + 4 * ratio(), at - 5 * ratio());
}

/** Between two lines, at 8 % of the hue. */
export function paintBand(u: uPlot, frame: Frame, low: number, high: number, ink: string): void {
  const { ctx } = u;
  const lows = frame.closed[low];
  const highs = frame.closed[high];
  if (!lows || !highs) return;
  ctx.save();
  clip(u);
  ctx.fillStyle = ink;
  ctx.globalAlpha = 0.09;
  let start = -1;
  for (let i = 0; i <= lows.length; i++) {
    const whole = i < lows.length && (lows[i] ?? null) !== null && (highs[i] ?? null) !== null;
    if (whole && start < 0) start = i;
    if (whole || start < 0) continue;
    ctx.beginPath();
    for (let k = start; k < i; k++) ctx.lineTo(x(u, frame.xs[k] ?? 0), y(u, highs[k] ?? 0));
    for (let k = i - 1; k >= start; k--) ctx.lineTo(x(u, frame.xs[k] ?? 0), y(u, lows[k] ?? 0));
    ctx.closePath();
    ctx.fill();
    start = -1;
  }
  ctx.restore();
}
