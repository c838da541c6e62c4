const KEPT = 32;

/**
 * The server's clock seen from here. Each message carries when it left; the one that came fastest tells the offset
 * best. "Now", axes and ages follow this clock, not the browser's.
 */
export class ServerClock {
  private readonly offsets: number[] = [];

  constructor(private readonly local: () => number = Date.now) {}

  observe(sentAt: number): void {
    if (!Number.isFinite(sentAt)) return;
    this.offsets.push(sentAt - this.local());
    if (this.offsets.length > KEPT) this.offsets.shift();
  }

  /** Forget what was measured: after sleep or against another server it may be wrong. */
  reset(): void {
    this.offsets.length = 0;
  }

  now(): number {
    return this.local() + (this.offsets.length === 0 ? 0 : Math.max(...this.offsets));
  }
}
