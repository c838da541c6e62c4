/** Something that paints itself when told; never more often than its interval, always in the shared frame. */
export interface Drawable {
  /** Milliseconds between two drawings; 0: every frame that has a change. */
  readonly interval: number;
  draw(): void;
}

interface Entry {
  drawable: Drawable;
  dirty: boolean;
  visible: boolean;
  drawnAt: number;
}

/** One requestAnimationFrame for the whole page; what is out of sight waits. */
export class FrameLoop {
  private readonly entries = new Map<Drawable, Entry>();
  private scheduled = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly request: (callback: (time: number) => void) => void = (callback) => requestAnimationFrame(callback),
    private readonly now: () => number = () => performance.now(),
  ) {}

  add(drawable: Drawable): () => void {
    this.entries.set(drawable, { drawable, dirty: true, visible: true, drawnAt: -Infinity });
    this.schedule();
    return () => this.entries.delete(drawable);
  }

  mark(drawable: Drawable): void {
    const entry = this.entries.get(drawable);
    if (!entry) return;
    entry.dirty = true;
    this.schedule();
  }

  markAll(): void {
    for (const entry of this.entries.values()) entry.dirty = true;
    this.schedule();
  }

  setVisible(drawable: Drawable, visible: boolean): void {
    const entry = this.entries.get(drawable);
    if (!entry) return;
    entry.visible = visible;
    if (visible && entry.dirty) this.schedule();
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.request(() => this.run());
  }

  private run(): void {
    this.scheduled = false;
    const now = this.now();
    let wait = Infinity;
    for (const entry of this.entries.values()) {
      if (!entry.dirty || !entry.visible) continue;
      const due = entry.drawnAt + entry.drawable.interval;
      if (now >= due) {
        entry.dirty = false;
        entry.drawnAt = now;
        entry.drawable.draw();
      } else {
        wait = Math.min(wait, due - now);
      }
    }
    if (wait === Infinity) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.schedule(), wait);
  }
}

export const frameLoop = new FrameLoop();
