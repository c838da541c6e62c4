import { beforeEach, describe, expect, it } from "vitest";
import { FakeTimers, FakeTransport, pointMessage } from "./fake-transport";
import { Ladder, type Phase } from "./ladder";
import type { Message } from "./messages";

const CPU = { name: "cpu" };
const LOAD = { name: "load" };

describe("Ladder", () => {
  let timers: FakeTimers;
  let socket: FakeTransport;
  let events: FakeTransport;
  let asking: FakeTransport;
  let phases: Phase[];
  let messages: Message[];
  let ladder: Ladder;

  beforeEach(() => {
    timers = new FakeTimers();
    socket = new FakeTransport("websocket");
    events = new FakeTransport("sse");
    asking = new FakeTransport("polling");
    phases = [];
    messages = [];
    ladder = new Ladder([socket, events, asking], timers, {
      message: (message) => messages.push(message),
      status: (status) => phases.push(status.phase),
    });
    ladder.setTopics([CPU]);
  });

  it("is live once the server has greeted", () => {
    expect(phases).toEqual(["connecting"]);
    socket.hello();
    expect(phases).toEqual(["connecting", "live"]);
    expect(messages.map((message) => message.type)).toEqual(["hello"]);
  });

  it("waits with growing, jittered delays and tries the same way twice before it steps down", () => {
    socket.fail();
    timers.advance(249);
    expect(socket.opened).toHaveLength(1);
    timers.advance(1);
    expect(socket.opened).toHaveLength(2);
    socket.fail();
    timers.advance(499);
    expect(events.opened).toHaveLength(0);
    timers.advance(1);
    expect(events.opened).toHaveLength(1);
    expect(socket.opened).toHaveLength(2);
  });

  it("ends at polling when nothing else works, and says so", () => {
    failTwiceQuickly(socket);
    failTwiceQuickly(events);
    asking.hello("");
    expect(phases.at(-1)).toBe("polling");
  });

  function failTwiceQuickly(transport: FakeTransport): void {
    for (let i = 0; i < 2; i++) {
      transport.fail();
      timers.advance(4000);
    }
  }

  it("takes a connection without a greeting for dead", () => {
    timers.advance(5000);
    expect(socket.newest().closed).toBe(true);
    timers.advance(300);
    expect(socket.opened).toHaveLength(2);
  });

  it("takes a socket silent for two heartbeats for dead, and any word for a sign of life", () => {
    socket.hello();
    timers.advance(9000);
    socket.say({ type: "state", freshness: { state: "current" } });
    timers.advance(9999);
    expect(phases.at(-1)).toBe("live");
    timers.advance(1);
    expect(phases.at(-1)).toBe("reconnecting");
    timers.advance(300);
    expect(socket.opened).toHaveLength(2);
  });

  it("resumes after the last message seen, by epoch and sequence", () => {
    socket.hello("e1");
    socket.say(pointMessage(10_000, 41));
    socket.say(pointMessage(10_000, 42));
    socket.fail();
    timers.advance(300);
    expect(socket.newest().request.since).toBe("e1-42");
  });

  it("does not resume with the sequence of another server", () => {
    socket.hello("e1");
    socket.say(pointMessage(10_000, 41));
    socket.fail();
    timers.advance(300);
    socket.hello("e2");
    socket.fail();
    timers.advance(300);
    expect(socket.newest().request.since).toBeUndefined();
  });

  it("returns upward when a probe succeeds, without letting go of what works first", () => {
    failTwiceQuickly(socket);
    events.hello();
    const working = events.newest();
    timers.advance(1600);
    expect(socket.opened).toHaveLength(3);
    expect(working.closed).toBe(false);
    socket.hello();
    expect(working.closed).toBe(true);
    expect(phases.at(-1)).toBe("live");
    socket.say(pointMessage(10_000, 1));
    working.sink.message(pointMessage(10_000, 2));
    expect(messages.filter((message) => message.type === "point")).toHaveLength(1);
  });

  it("keeps what works when a probe fails, and probes again later", () => {
    failTwiceQuickly(socket);
    events.hello();
    timers.advance(1600);
    socket.fail();
    expect(events.newest().closed).toBe(false);
    const keepAlive = () => events.say({ type: "state", freshness: { state: "current" } });
    for (let i = 0; i < 4; i++) {
      timers.advance(4000);
      keepAlive();
    }
    expect(socket.opened.length).toBeGreaterThan(3);
  });

  it("opens the stream of changed topics before it closes the old one", () => {
    socket.hello();
    const old = socket.newest();
    ladder.setTopics([CPU, LOAD]);
    expect(socket.opened).toHaveLength(2);
    expect(old.closed).toBe(false);
    socket.hello();
    expect(old.closed).toBe(true);
    expect(socket.newest().request.topics).toEqual([CPU, LOAD]);
  });

  it("does not wait when the tab comes back to a connection that has fallen silent", () => {
    socket.hello();
    timers.advance(6000);
    ladder.retryNow();
    expect(socket.opened).toHaveLength(2);
    socket.hello();
    ladder.retryNow();
    expect(socket.opened).toHaveLength(2);
  });

  it("leaves nothing open and nothing planned when nobody watches", () => {
    socket.hello();
    ladder.setTopics([]);
    expect(socket.newest().closed).toBe(true);
    timers.advance(60_000);
    expect(socket.opened).toHaveLength(1);
    expect(phases.at(-1)).toBe("idle");
  });

  it("never gives up: also from the last way it comes back", () => {
    failTwiceQuickly(socket);
    failTwiceQuickly(events);
    for (let i = 0; i < 5; i++) {
      const before = asking.opened.length;
      asking.fail();
      while (asking.opened.length === before) timers.advance(100);
    }
    asking.hello("");
    expect(phases.at(-1)).toBe("polling");
  });
});
