import { lazy, Suspense, useCallback, useMemo, useState } from "react";
import type { LiveStore } from "./live/live-store";
import { LiveProvider } from "./live/page-store";
import type { Dashboard } from "./model/dashboard";
import { DashboardPage, LostPage } from "./shell/dashboard-page";
import { dashboardOf, dashboards } from "./shell/dashboards";
import { Header } from "./shell/header";
import { Rail, Tabs } from "./shell/navigation";
import { parseRoute, usePath } from "./shell/route";
import "./shell/shell.css";
import { useShortcuts } from "./shell/shortcuts";
import { ViewProvider, type ViewStore } from "./time/view";

// Not needed for the first chart: loaded when first opened.
const SendDrawer = lazy(() => import("./shell/send-drawer").then((module) => ({ default: module.SendDrawer })));
const ShortcutHelp = lazy(() => import("./shell/shortcut-help").then((module) => ({ default: module.ShortcutHelp })));

export function App({ live, views }: { live: LiveStore; views: ViewStore }) {
  return (
    <LiveProvider value={live}>
      <ViewProvider value={views}>
        <Page />
      </ViewProvider>
    </LiveProvider>
  );
}

function dashboardAt(path: string): Dashboard | undefined {
  const route = parseRoute(path);
  if (route.page === "lost") return undefined;
  if (route.page === "metric") return dashboardOf(route.name);
  return route.name === undefined ? dashboards[0] : dashboards.find((dashboard) => dashboard.name === route.name);
}

type Open = "nothing" | "send" | "keys";

function Page() {
  const path = usePath();
  const dashboard = useMemo(() => dashboardAt(path), [path]);
  const [open, setOpen] = useState<Open>("nothing");
  const help = useCallback(() => setOpen("keys"), []);
  const send = useCallback(() => setOpen("send"), []);
  const close = useCallback(() => setOpen("nothing"), []);
  useShortcuts({ help, send });
  const navigation = { path, onHelp: help, onSend: send };
  return (
    <>
      <Rail {...navigation} />
      <div>
        <Header title={dashboard?.title ?? "Millrace"} path={path} onSend={send} />
        {dashboard ? <DashboardPage key={dashboard.name} dashboard={dashboard} /> : <LostPage path={path} />}
      </div>
      <Tabs {...navigation} />
      <Suspense>
        {open === "send" && <SendDrawer onClose={close} />}
        {open === "keys" && <ShortcutHelp onClose={close} />}
      </Suspense>
    </>
  );
}
