import { useEffect, type CSSProperties } from "react";
import type { Dashboard } from "../model/dashboard";
import { Panel } from "../panels/panel";
import { useViewStore } from "../time/view";
import "./dashboard-page.css";
import { Link } from "./link";

/** The panels of a document on its grid. */
export function DashboardPage({ dashboard }: { dashboard: Dashboard }) {
  const views = useViewStore();
  useEffect(() => {
    document.title = `${dashboard.title} – Millrace`;
    views.suggest(dashboard.duration);
  }, [dashboard, views]);
  return (
    <main className="grid">
      {dashboard.items.map(({ panel, x, y, width, height }) => (
        <div
          key={panel.id}
          className="cell"
          data-kind={panel.kind}
          style={{ "--x": x + 1, "--y": y + 1, "--w": width, "--h": height } as CSSProperties}
        >
          <Panel panel={panel} />
        </div>
      ))}
    </main>
  );
}

export function LostPage({ path }: { path: string }) {
  return (
    <main className="lost">
      <h2>Nothing is here</h2>
      <p>
        {path} names no dashboard. <Link href="/">Back to the first one</Link>
      </p>
    </main>
  );
}
