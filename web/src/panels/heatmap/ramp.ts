import { color } from "../../theme/theme";

const STEPS = 64;
let key = "";
let ramp: string[] = [];

type Rgb = readonly [number, number, number];

const parse = (hex: string): Rgb => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)) as unknown as Rgb;
const mix = (a: Rgb, b: Rgb, t: number): Rgb => a.map((part, i) => Math.round(part + ((b[i] ?? 0) - part) * t)) as unknown as Rgb;

/** The ramp's colour for a share of the fullest cell; the root spreads the many small counts. */
export function heat(share: number): string {
  const stops = ["--heat0", "--heat1", "--heat2", "--heat3"].map(color);
  if (stops.join() !== key) {
    key = stops.join();
    const colors = stops.map(parse);
    ramp = Array.from({ length: STEPS + 1 }, (_, i) => {
      const at = (i / STEPS) * (colors.length - 1);
      const from = Math.min(Math.floor(at), colors.length - 2);
      return `rgb(${mix(colors[from] ?? [0, 0, 0], colors[from + 1] ?? [0, 0, 0], at - from).join(" ")})`;
    });
  }
  return ramp[Math.round(STEPS * Math.min(1, Math.max(0, share)) ** 0.55)] ?? "transparent";
}
