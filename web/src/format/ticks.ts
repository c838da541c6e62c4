import { decimals, scaleFor, type Unit } from "./units";

const floor10 = (value: number): number => 10 ** Math.floor(Math.log10(value));

/** The smallest of 1, 2, 5 x 10^k that cuts `span` into at most `count` steps; bytes: powers of two. */
export function niceStep(span: number, count: number, binary = false): number {
  if (!(span > 0)) return 1;
  const raw = span / count;
  if (binary) {
    const base = 1024 ** Math.max(0, Math.floor(Math.log2(Math.max(raw, 1)) / 10));
    for (const step of [1, 2, 5, 10, 20, 50, 100, 200, 500]) if (step * base >= raw * 0.999) return step * base;
    return base * 1024;
  }
  const base = floor10(raw);
  for (const step of [1, 2, 5, 10]) if (step * base >= raw * 0.999) return step * base;
  return base * 10;
}

/** Ticks of a scale from `low` to at least `high`; the last one is the scale's top. */
export function niceTicks(low: number, high: number, count: number, unit: Unit = "none"): number[] {
  const binary = unit === "bytes" || unit === "bytes/s";
  const span = high > low ? high - low : Math.abs(high) / 10 || 1;
  const step = niceStep(span, count, binary);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(Math.ceil(high / step - 1e-9), first + 1);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** 1, 3, 10, 30 ... within [low, high]: the ticks of a logarithmic scale. */
export function logTicks(low: number, high: number): number[] {
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const part of [1, 3]) {
      const tick = Number((part * 10 ** power).toPrecision(6));
      if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
    }
  }
  return ticks;
}

/** Labels in one scale, the unit at the top tick only: 0, 100, 200 ms. Logarithmic ones scale each for itself. */
export function tickLabels(ticks: readonly number[], unit: Unit): string[] {
  const top = ticks[ticks.length - 1] ?? 0;
  const scale = scaleFor(unit, Math.max(Math.abs(top), Math.abs(ticks[0] ?? 0)));
  const step = Math.abs((ticks[1] ?? top) - (ticks[0] ?? 0)) / scale.factor;
  const small = Math.min(step || 1, ...ticks.map((tick) => Math.abs(tick / scale.factor)).filter((size) => size > 0));
  const places = small >= 1 && Number.isInteger(Number(small.toPrecision(6))) ? 0 : small >= 0.1 ? 1 : small >= 0.01 ? 2 : 3;
  return ticks.map((tick, i) => {
    const text = tick === 0 ? "0" : decimals(tick / scale.factor, places);
    if (i < ticks.length - 1 || scale.unit === "") return text;
    return scale.unit.startsWith("/") ? `${text}${scale.unit}` : `${text}\u00a0${scale.unit}`;
  });
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const STEPS = [5 * SECOND, 10 * SECOND, 15 * SECOND, 30 * SECOND, MINUTE, 2 * MINUTE, 3 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR];

/** Times at round local hours and minutes in [from, to], at most `count`. `offset` is the zone's, in ms. */
export function timeTicks(from: number, to: number, count: number, offset: number): { ticks: number[]; step: number } {
  const step = STEPS.find((candidate) => (to - from) / candidate <= count) ?? 24 * HOUR;
  const ticks: number[] = [];
  for (let tick = Math.ceil((from + offset) / step) * step - offset; tick <= to; tick += step) ticks.push(tick);
  return { ticks, step };
}
