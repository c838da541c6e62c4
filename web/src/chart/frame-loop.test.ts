import { beforeEach, describe, expect, it, vi } from "vitest";
import { FrameLoop } from "./frame-loop";

describe("FrameLoop", () => {
  let now: number;
  let frames: (() => void)[];
  let loop: FrameLoop;
  const frame = () => frames.splice(0).forEach((run) => run());

  beforeEach(() => {
    vi.useFakeTimers();
    now = 0;
    frames = [];
    loop = new FrameLoop(
      (callback) => frames.push(() => callback(now)),
      () => now,
    );
    return () => vi.useRealTimers();
  });

  it("draws all that changed in one frame, each once", () => {
    const drawn: string[] = [];
    const [a, b] = ["a", "b"].map((name) => ({ interval: 0, draw: () => void drawn.push(name) }));
    if (!a || !b) throw new Error("two drawables");
    loop.add(a);
    loop.add(b);
    loop.mark(a);
    loop.mark(a);
    expect(frames).toHaveLength(1);
    frame();
    expect(drawn).toEqual(["a", "b"]);
    frame();
    expect(drawn).toHaveLength(2);
  });

  it("holds to the interval and draws what was put off", () => {
    let count = 0;
    const slow = { interval: 250, draw: () => void count++ };
    loop.add(slow);
    frame();
    now = 100;
    loop.mark(slow);
    frame();
    expect(count).toBe(1);
    now = 250;
    vi.advanceTimersByTime(150);
    frame();
    expect(count).toBe(2);
  });

  it("lets what is out of sight wait until it is seen", () => {
    let count = 0;
    const hidden = { interval: 0, draw: () => void count++ };
    loop.add(hidden);
    loop.setVisible(hidden, false);
    frame();
    expect(count).toBe(0);
    loop.setVisible(hidden, true);
    frame();
    expect(count).toBe(1);
  });
});
