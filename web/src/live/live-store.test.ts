import { describe, expect, it } from "vitest";
import { aPoint } from "../model/point-builder";
import { FakeTimers, FakeTransport, pointMessage } from "./fake-transport";
import { LiveStore } from "./live-store";
import type { Topic } from "./transport";

const settle = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

function aStore() {
  const timers = new FakeTimers();
  const socket = new FakeTransport("websocket");
  const asked: { topic: Topic; from: number; to: number }[] = [];
  const store = new LiveStore([socket], timers, (topic, from, to) => {
    asked.push({ topic, from, to });
    return Promise.resolve([aPoint(from), aPoint(from + 10_000)]);
  });
  return { timers, socket, asked, store };
}

describe("LiveStore", () => {
  it("asks for the topics of all panels on one stream, each once", async () => {
    const { socket, store } = aStore();
    store.watch({ name: "cpu" }, () => {});
    store.watch({ name: "load" }, () => {});
    store.watch({ name: "cpu" }, () => {});
    await settle();
    expect(socket.opened).toHaveLength(1);
    expect(socket.newest().request.topics.map((topic) => topic.name)).toEqual(["cpu", "load"]);
  });

  it("brings each message to its own topic", async () => {
    const { socket, store } = aStore();
    const seen: string[] = [];
    const cpu = store.watch({ name: "cpu" }, () => seen.push("cpu"));
    const load = store.watch({ name: "load" }, () => seen.push("load"));
    await settle();
    socket.hello();
    socket.say(pointMessage(10_000, 1, {}, 1));
    expect(seen).toEqual(["load"]);
    expect(cpu.state.ring.length).toBe(0);
    expect(load.state.ring.length).toBe(1);
    expect(store.received).toBe(1);
  });

  it("fills the history before the snapshot", async () => {
    const { socket, store, asked } = aStore();
    const cpu = store.watch({ name: "cpu" }, () => {});
    await settle();
    cpu.need(100_000);
    socket.hello();
    socket.say({ type: "snapshot", points: [{ timestamp: 600_000, value: 1 }] });
    await settle();
    expect(asked.at(-1)?.from).toBe(100_000);
    expect(cpu.state.ring.oldest()).toBe(100_000);
  });

  it("keeps what it knows through a lost connection", async () => {
    const { socket, store, timers } = aStore();
    const cpu = store.watch({ name: "cpu" }, () => {});
    await settle();
    socket.hello();
    socket.say(pointMessage(10_000, 1));
    socket.fail();
    timers.advance(60_000);
    expect(store.status.phase).toBe("reconnecting");
    expect(cpu.state.ring.length).toBe(1);
    expect(store.silence()).toBeGreaterThanOrEqual(60_000);
  });

  it("follows the server's clock, not the browser's", async () => {
    const { socket, store } = aStore();
    store.watch({ name: "cpu" }, () => {});
    await settle();
    socket.hello();
    expect(store.now()).toBe(Date.parse("2026-01-02T03:04:05.000Z"));
  });

  it("measures from the event to the drawing of it", async () => {
    const { socket, store, timers } = aStore();
    const cpu = store.watch({ name: "cpu" }, () => {});
    await settle();
    socket.hello();
    const now = store.now();
    socket.say(pointMessage(now, 1));
    timers.advance(61);
    store.drawn(cpu.state);
    store.drawn(cpu.state);
    expect(store.latency.quantile(0.5)).toBe(61);
  });

  it("lets a topic go when its last panel has", async () => {
    const { socket, store } = aStore();
    const cpu = store.watch({ name: "cpu" }, () => {});
    await settle();
    socket.hello();
    cpu.release();
    await settle();
    expect(store.status.phase).toBe("idle");
    expect(socket.newest().closed).toBe(true);
  });
});
