/** Event -> screen in milliseconds, of the newest frames drawn in this browser. */
export class Latency {
  private readonly samples: Float64Array;
  private next = 0;
  private count = 0;

  constructor(capacity = 256) {
    this.samples = new Float64Array(capacity);
  }

  add(ms: number): void {
    if (!Number.isFinite(ms)) return;
    this.samples[this.next] = Math.max(0, ms);
    this.next = (this.next + 1) % this.samples.length;
    this.count = Math.min(this.count + 1, this.samples.length);
  }

  clear(): void {
    this.next = 0;
    this.count = 0;
  }

  /** NaN before the first sample. */
  quantile(q: number): number {
    if (this.count === 0) return NaN;
    const sorted = this.samples.slice(0, this.count).sort();
    return sorted[Math.min(this.count - 1, Math.floor(q * this.count))] ?? NaN;
  }
}
