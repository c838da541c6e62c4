import { color } from "../../theme/theme";

/** A line in its own range with a dot at its end; holes stay holes. Neutral, unless a threshold is passed. */
export function drawSparkline(canvas: HTMLCanvasElement, xs: readonly number[], values: readonly (number | null)[], token: string | undefined): void {
  const { clientWidth: width, clientHeight: height } = canvas;
  if (width === 0 || height === 0) return;
  const scale = window.devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  const pen = canvas.getContext("2d");
  if (!pen) return;
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value === null) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (!(high >= low)) return;
  const first = xs[0] ?? 0;
  const span = (xs[xs.length - 1] ?? 1) - first || 1;
  const x = (time: number) => 1 + ((width - 6) * (time - first)) / span;
  const y = (value: number) => (high === low ? height / 2 : height - 5 - ((height - 10) * (value - low)) / (high - low));
  pen.strokeStyle = color(token ?? "--neutral");
  pen.lineWidth = 1.5;
  pen.lineJoin = "round";
  pen.beginPath();
  let joined = false;
  let end: [number, number] | undefined;
  values.forEach((value, i) => {
    if (value === null) {
      joined = false;
      return;
    }
    const place: [number, number] = [x(xs[i] ?? 0), y(value)];
    if (joined) pen.lineTo(...place);
    else pen.moveTo(...place);
    joined = true;
    end = place;
  });
  pen.stroke();
  if (!end) return;
  pen.fillStyle = color(token ?? "--text");
  pen.beginPath();
  pen.arc(end[0], end[1], 2.5, 0, 2 * Math.PI);
  pen.fill();
}
