import { useSyncExternalStore } from "react";

export type ThemeChoice = "dark" | "light" | "system";

const KEY = "millrace.theme";
const CHOICES: readonly ThemeChoice[] = ["dark", "light", "system"];
const listeners = new Set<() => void>();
const prefersLight = window.matchMedia("(prefers-color-scheme: light)");

function stored(): ThemeChoice {
  try {
    const value = localStorage.getItem(KEY);
    return CHOICES.find((choice) => choice === value) ?? "system";
  } catch {
    return "system";
  }
}

let choice = stored();

function apply(): void {
  const light = choice === "light" || (choice === "system" && prefersLight.matches);
  document.documentElement.dataset.theme = light ? "light" : "dark";
  for (const listener of listeners) listener();
}

prefersLight.addEventListener("change", apply);

export function setTheme(next: ThemeChoice): void {
  choice = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // A browser without storage forgets the theme: nothing else depends on it.
  }
  apply();
}

/** Called after the theme's colours have changed: canvases read them again. */
export function onThemeChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useThemeChoice = (): ThemeChoice => useSyncExternalStore(onThemeChange, () => choice);

const cache = new Map<string, string>();
onThemeChange(() => cache.clear());

/** A token's value now, for canvases: color("--s1"). */
export function color(token: string): string {
  let value = cache.get(token);
  if (value === undefined) {
    value = getComputedStyle(document.documentElement).getPropertyValue(token).trim();
    cache.set(token, value);
  }
  return value;
}
