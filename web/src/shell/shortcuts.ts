import { useEffect, useRef } from "react";
import { useLiveStore } from "../live/page-store";
import { RANGES, useViewStore } from "../time/view";
import { dashboards } from "./dashboards";
import { navigate } from "./route";

interface Actions {
  help: () => void;
  send: () => void;
}

const CHORD_WITHIN = 1000;

const editable = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** Keys for everything on the page; none while a dialog is open or something is typed. */
export function useShortcuts({ help, send }: Actions): void {
  const store = useLiveStore();
  const views = useViewStore();
  const chord = useRef(-Infinity);
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (editable(event.target) || document.querySelector("dialog[open], .menu > .sheet")) return;
      const going = event.timeStamp - chord.current < CHORD_WITHIN;
      chord.current = -Infinity;
      if (going) {
        const target = event.key === "h" ? "/" : pathOf(event.key);
        if (target) navigate(target);
        return;
      }
      const range = RANGES[Number(event.key) - 1];
      const onButton = event.target instanceof HTMLElement && event.target.closest("button, a") !== null;
      if (event.key === "g") chord.current = event.timeStamp;
      else if (event.key === "?") help();
      else if (event.key === "s") send();
      else if (range) views.choose(range.key);
      else if (event.key === " " && !onButton) {
        event.preventDefault();
        if (views.view.pausedAt === undefined) views.pause(store.now(), store.received);
        else views.resume();
      } else return;
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, [store, views, help, send]);
}

function pathOf(key: string): string | undefined {
  const found = dashboards.find((dashboard) => dashboard.name.startsWith(key));
  return found && `/d/${found.name}`;
}
