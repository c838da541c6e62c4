import { useCallback, useEffect, useRef } from "react";
import { useViewStore } from "../time/view";

const SECOND = 1000;

/**
 * Joins data to its drawing: `redraw` may be called at any time, and does nothing while paused.
 * Time itself asks once a second, because axes end at "now".
 */
export function useRedraw() {
  const views = useViewStore();
  const target = useRef<() => void>(undefined);
  const redraw = useCallback(() => {
    if (views.view.pausedAt === undefined) target.current?.();
  }, [views]);
  const onReady = useCallback((mark: () => void) => {
    target.current = mark;
  }, []);
  useEffect(() => {
    const timer = setInterval(() => {
      if (!views.view.zoom) redraw();
    }, SECOND);
    const unsubscribe = views.subscribe(() => target.current?.());
    return () => {
      clearInterval(timer);
      unsubscribe();
    };
  }, [views, redraw]);
  return { redraw, onReady };
}
