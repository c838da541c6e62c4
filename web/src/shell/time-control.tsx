import { useEffect, useState } from "react";
import { duration, moment } from "../format/time";
import { useLiveStore } from "../live/page-store";
import { RANGES, useView, useViewStore } from "../time/view";
import { Icon } from "./icon";
import { Menu, MenuItem } from "./menu";

/** Range and live or paused, as one. */
export function TimeControl() {
  const store = useLiveStore();
  const views = useViewStore();
  const view = useView();
  const paused = view.pausedAt !== undefined;
  const toggle = () => (paused ? views.resume() : views.pause(store.now(), store.received));
  const label = view.zoom ? `${moment(view.zoom.from, store.now())} – ${moment(view.zoom.to, store.now())}` : view.range.label;
  return (
    <>
      {paused && <Behind />}
      <span className="seg">
        <Menu
          label={`Time range: ${label}`}
          className="ctl"
          button={
            <>
              {view.zoom ? (
                <>
                  <span className="wide">{label}</span>
                  <span className="narrow">{duration(view.zoom.to - view.zoom.from)}</span>
                </>
              ) : (
                <>
                  <span className="wide">{label}</span>
                  <span className="narrow">{view.range.short}</span>
                </>
              )}
              <Icon of="chevron-down" />
            </>
          }
        >
          {(close) => [
            ...RANGES.map((range, i) => (
              <MenuItem
                key={range.key}
                checked={!view.zoom && range.key === view.range.key}
                onPick={() => {
                  views.choose(range.key);
                  close();
                }}
              >
                {range.label}
                <small className="wide">
                  <kbd>{i + 1}</kbd>
                </small>
              </MenuItem>
            )),
            <MenuItem
              key="pause"
              className="narrow"
              onPick={() => {
                toggle();
                close();
              }}
            >
              {paused ? "Resume" : "Pause"}
              <Icon of={paused ? "play" : "pause"} />
            </MenuItem>,
          ]}
        </Menu>
        {view.zoom ? (
          <button type="button" className="ctl" aria-label="Back to live" title="Back to live" onClick={() => views.unzoom()}>
            <Icon of="x" />
          </button>
        ) : (
          <button
            type="button"
            className="ctl wide"
            aria-label={paused ? "Resume" : "Pause"}
            title={paused ? "Resume (space)" : "Pause (space)"}
            onClick={toggle}
          >
            <Icon of={paused ? "play" : "pause"} />
          </button>
        )}
      </span>
    </>
  );
}

/** How far a pause has fallen behind. */
function Behind() {
  const store = useLiveStore();
  const view = useView();
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  const waiting = store.received - view.pausedCount;
  return (
    <span className="behind">
      {duration(store.now() - (view.pausedAt ?? store.now()))} behind<span className="wide">, {waiting.toLocaleString()} points waiting</span>
    </span>
  );
}
