import { useEffect, useRef } from "react";
import { dashboards } from "./dashboards";
import "./shortcut-help.css";

const KEYS: readonly (readonly [string, string])[] = [
  ["space", "pause, resume"],
  ["1 … 7", "last minute … last 7 days"],
  ["g h", "home"],
  ...dashboards.map((dashboard) => [`g ${dashboard.name.slice(0, 1)}`, dashboard.title] as const),
  ["← →", "move the crosshair on a chart; with shift by ten"],
  ["Esc", "leave the crosshair, leave a zoom"],
  ["s", "send yours"],
  ["?", "these keys"],
];

export function ShortcutHelp({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      className="keys"
      aria-labelledby="keys-title"
      onClose={onClose}
      onClick={(event) => {
        if (event.target === dialog.current) dialog.current.close();
      }}
    >
      <h2 id="keys-title">Keys</h2>
      <dl>
        {KEYS.map(([key, meaning]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button className="ctl">Close</button>
      </form>
    </dialog>
  );
}
