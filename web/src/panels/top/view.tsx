import { useCallback, useEffect, useRef, useState } from "react";
import { frameLoop } from "../../chart/frame-loop";
import { withUnit } from "../../format/units";
import type { PanelSpec } from "../../model/dashboard";
import { lookOf, nothingYet, type Look } from "../nothing";
import { statusOf } from "../options";
import { usePanelData } from "../panel-data";
import { PanelFrame, useFreshness } from "../panel-frame";
import { useRedraw } from "../use-redraw";
import type { TopOptions } from "./options";
import { ranking, type Bar } from "./ranking";
import "./top.css";

const MINUTE = 60_000;
const FEW = 5;

/** The highest groups of the last minute, as bars with their figures. */
export function TopView({ panel, options }: { panel: PanelSpec; options: TopOptions }) {
  const { redraw, onReady } = useRedraw();
  const data = usePanelData(panel.queries, { span: MINUTE, queryOnly: true }, redraw);
  const freshness = useFreshness(useCallback(() => data.known(), [data]));
  const [bars, setBars] = useState<readonly Bar[]>([]);
  const [look, setLook] = useState<Look>("loading");
  const list = useRef<HTMLOListElement>(null);
  const most = panel.queries[0]?.top ?? 10;
  const latest = useRef(() => {});
  latest.current = () => {
    const next = ranking(data.sources(), most);
    setLook(next.length > 0 ? "shown" : lookOf(data));
    if (next.length === 0) return;
    setBars((old) => (JSON.stringify(old) === JSON.stringify(next) ? old : next));
  };

  useEffect(() => {
    const drawable = { interval: 500, draw: () => latest.current() };
    const remove = frameLoop.add(drawable);
    onReady(() => frameLoop.mark(drawable));
    return remove;
  }, [onReady]);

  useEffect(() => {
    const element = list.current;
    if (!element) return;
    const observer = new IntersectionObserver((entries) => data.show(entries[entries.length - 1]?.isIntersecting ?? true));
    observer.observe(element);
    return () => observer.disconnect();
  }, [data]);

  const { bad, warn } = options.thresholds;
  const limit = bad ?? warn;
  const full = options.max ?? Math.max(bars[0]?.value ?? 0, limit !== undefined && limit < 2 * (bars[0]?.value ?? 0) ? limit * 1.02 : 0);
  return (
    <PanelFrame panel={panel} className="top" freshness={freshness} say={bars.length === 0 ? nothingYet(data, look) : undefined}>
      <ol ref={list} className="bars" data-few={bars.length <= FEW ? "" : undefined}>
        {bars.map((bar) => {
          const status = statusOf(bar.value, options.thresholds);
          return (
            <li key={bar.name}>
              <span className="name">{bar.name}</span>
              <span className="track" aria-hidden="true">
                <i
                  className="fill"
                  style={{ width: `${full > 0 ? Math.min(100, (100 * Math.max(0, bar.value)) / full) : 0}%`, ...(status ? { background: `var(${status.token})` } : {}) }}
                />
                {limit !== undefined && limit <= full && <i className="limit" style={{ left: `${(100 * limit) / full}%` }} />}
              </span>
              <b>
                {withUnit(bar.value, options.unit)}
                {status && <span className="unseen">, {status.word}</span>}
              </b>
            </li>
          );
        })}
      </ol>
    </PanelFrame>
  );
}
