import { useSyncExternalStore } from "react";

export type Route = { page: "dashboard"; name: string | undefined } | { page: "metric"; name: string } | { page: "lost" };

export function parseRoute(path: string): Route {
  const [first, second, ...rest] = path.split("/").filter((part) => part !== "");
  if (first === undefined) return { page: "dashboard", name: undefined };
  if (rest.length > 0 || second === undefined) return { page: "lost" };
  const name = decode(second);
  if (first === "d") return { page: "dashboard", name };
  if (first === "m") return { page: "metric", name };
  return { page: "lost" };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

const listeners = new Set<() => void>();
window.addEventListener("popstate", () => {
  for (const listener of listeners) listener();
});

export function navigate(path: string): void {
  if (path === location.pathname) return;
  // A range that was chosen goes along; a zoom belongs to the page left.
  const range = new URLSearchParams(location.search).get("range");
  history.pushState(null, "", range ? `${path}?range=${encodeURIComponent(range)}` : path);
  for (const listener of listeners) listener();
}

export const usePath = (): string =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => location.pathname,
  );
