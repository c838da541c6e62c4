type Listener = (time: number | undefined, owner: object | undefined) => void;

/** The one moment that all panels point at. */
class Crosshair {
  time: number | undefined;
  owner: object | undefined;
  private readonly listeners = new Set<Listener>();

  set(time: number | undefined, owner: object | undefined): void {
    if (time === this.time && owner === this.owner) return;
    this.time = time;
    this.owner = owner;
    for (const listener of this.listeners) listener(time, owner);
  }

  subscribe(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

export const crosshair = new Crosshair();
