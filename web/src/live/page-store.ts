import { createContext, use, useSyncExternalStore } from "react";
import { fetchQuery } from "../query/query";
import type { Timers } from "./ladder";
import { LiveStore } from "./live-store";
import { polling } from "./polling";
import { serverSentEvents } from "./sse";
import { websocket } from "./websocket";

const browserTimers: Timers = {
  now: () => Date.now(),
  set: (action, ms) => window.setTimeout(action, ms),
  clear: (handle) => window.clearTimeout(handle),
  random: () => Math.random(),
};

/** The store of this page, bound to the browser's signs of sleep, network and attention. */
export function createPageStore(): LiveStore {
  const store = new LiveStore([websocket, serverSentEvents, polling], browserTimers, async (topic, from, to) => {
    const answer = await fetchQuery({ ...topic, from, to, resolution: "10s" });
    return answer.series[0]?.points ?? [];
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) store.wake();
  });
  window.addEventListener("online", () => store.wake());
  window.addEventListener("pageshow", () => store.wake());
  return store;
}

const LiveContext = createContext<LiveStore | undefined>(undefined);
export const LiveProvider = LiveContext.Provider;

export function useLiveStore(): LiveStore {
  const store = use(LiveContext);
  if (!store) throw new Error("no live store above this component");
  return store;
}

export function useConnection() {
  const store = useLiveStore();
  return useSyncExternalStore(
    (listener) => store.onStatus(listener),
    () => store.status,
  );
}
