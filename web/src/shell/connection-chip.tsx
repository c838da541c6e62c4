import { useEffect, useState } from "react";
import { duration } from "../format/time";
import { useConnection, useLiveStore } from "../live/page-store";
import type { LiveStore } from "../live/live-store";
import { Menu } from "./menu";

interface Chip {
  word: string;
  figure: string;
  look: "ok" | "warn" | "bad" | "quiet";
}

const STALLED_AFTER = 6_000;

/** One word for the connection, and how long events take to this screen, or how long nothing has come. */
export function chipOf(store: LiveStore): Chip {
  const { phase } = store.status;
  const silence = store.silence();
  const median = store.latency.quantile(0.5);
  if (phase === "idle" || (phase === "connecting" && !Number.isFinite(store.lastHeard))) return { word: "Connecting", figure: "", look: "quiet" };
  if (phase === "reconnecting" || phase === "connecting") return { word: "Reconnecting", figure: duration(silence), look: "warn" };
  if (silence > STALLED_AFTER || store.pipeline() === "stalled") return { word: "Stalled", figure: duration(silence), look: "bad" };
  if (phase === "polling") return { word: "Polling", figure: "2 s", look: "warn" };
  return { word: "Live", figure: Number.isFinite(median) ? `${Math.round(median)} ms` : "", look: "ok" };
}

const WAYS = { websocket: "WebSocket", sse: "Server-Sent Events", polling: "asking every 2 s" } as const;

const milliseconds = (value: number): string => (Number.isFinite(value) ? `${Math.round(value)} ms` : "–");

export function ConnectionChip() {
  const store = useLiveStore();
  const status = useConnection();
  const [chip, setChip] = useState<Chip>(() => chipOf(store));
  useEffect(() => {
    const look = () => {
      const next = chipOf(store);
      setChip((old) => (JSON.stringify(old) === JSON.stringify(next) ? old : next));
    };
    look();
    const timer = setInterval(look, 1000);
    return () => clearInterval(timer);
  }, [store, status]);

  const text = chip.figure ? `${chip.word} ${chip.figure}` : chip.word;
  return (
    <Menu
      label={`Connection: ${text}`}
      className={`ctl chip ${chip.look}`}
      role="dialog"
      button={
        <span>
          {chip.word}
          {chip.figure && <span className="figure"> {chip.figure}</span>}
        </span>
      }
    >
      {() => (
        <>
          <dl>
            <dt>way</dt>
            <dd>{WAYS[status.transport]}</dd>
            <dt>event to screen, p50</dt>
            <dd>{milliseconds(store.latency.quantile(0.5))}</dd>
            <dt>event to screen, p99</dt>
            <dd>{milliseconds(store.latency.quantile(0.99))}</dd>
            <dt>last heard</dt>
            <dd>{duration(store.silence())} ago</dd>
          </dl>
          <p>Measured in this browser, by the server’s clock.</p>
        </>
      )}
    </Menu>
  );
}
