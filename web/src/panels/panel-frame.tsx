import { useEffect, useState, type ReactNode } from "react";
import { clock, duration } from "../format/time";
import { useLiveStore } from "../live/page-store";
import type { PanelSpec } from "../model/dashboard";
import { Icon } from "../shell/icon";
import { useViewStore } from "../time/view";
import type { Known } from "./panel-data";
import "./panel-frame.css";

export interface Freshness {
  look: "current" | "late" | "gone";
  text: string;
}

/** A heartbeat comes every 5 s, a bucket every 10: older than both is late. */
const LATE = 6_000;
const QUIET = 12_000;
const GONE = 60_000;

/** What the mark says: nothing while current, the age when late, the time of the last known value when gone. */
export function freshnessOf(known: Known, now: number, silence: number): Freshness {
  const age = now - known.until;
  if (!Number.isFinite(age)) return { look: "current", text: "" };
  const late = age > QUIET || (silence > LATE && age > LATE) || known.state === "delayed";
  if (age > GONE || known.state === "stalled") return { look: "gone", text: clock(known.until) };
  return late ? { look: "late", text: `${duration(age)} old` } : { look: "current", text: "" };
}

/** Looks once a second; renders only when the words change. */
export function useFreshness(known: () => Known): Freshness {
  const store = useLiveStore();
  const views = useViewStore();
  const [freshness, setFreshness] = useState<Freshness>({ look: "current", text: "" });
  useEffect(() => {
    const look = () => {
      if (views.view.zoom) return;
      const next = freshnessOf(known(), store.now(), store.silence());
      setFreshness((old) => (old.look === next.look && old.text === next.text ? old : next));
    };
    look();
    const timer = setInterval(look, 1000);
    return () => clearInterval(timer);
  }, [known, store, views]);
  return freshness;
}

export function Mark({ freshness }: { freshness: Freshness }) {
  if (freshness.look === "current") return null;
  const title = freshness.look === "gone" ? "last known value" : "data is late";
  return (
    <span className={`mark ${freshness.look}`} title={title}>
      {freshness.look === "gone" && <span className="unseen">last known value, </span>}
      {freshness.text}
    </span>
  );
}

interface FrameProps {
  panel: PanelSpec;
  className: string;
  freshness: Freshness;
  /** With it, the panel offers its figures as a table. */
  table?: { shown: boolean; toggle: () => void };
  /** Stands over the plot when there is nothing to plot. */
  say?: ReactNode;
  children: ReactNode;
}

/** What every panel has: title, what it shows, how fresh it is, its actions. */
export function PanelFrame({ panel, className, freshness, table, say, children }: FrameProps) {
  const id = `panel-${panel.id}`;
  return (
    <article className={`panel ${className}`} data-freshness={freshness.look} aria-labelledby={id}>
      <header>
        <h2 id={id}>{panel.title}</h2>
        {panel.description && <small>{panel.description}</small>}
        {table && (
          <span className="actions">
            <button type="button" aria-pressed={table.shown} aria-label={`${panel.title} as a table`} title="As a table" onClick={table.toggle}>
              <Icon of="table-2" />
            </button>
          </span>
        )}
        <Mark freshness={freshness} />
      </header>
      {children}
      {say && <div className="say">{say}</div>}
    </article>
  );
}
