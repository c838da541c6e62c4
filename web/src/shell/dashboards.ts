import machine from "../../dashboards/machine.json";
import shop from "../../dashboards/shop.json";
import { parseDashboard, type Dashboard } from "../model/dashboard";
import { unitOf } from "../format/units";

/** The documents that come with the demo, first one first. */
export const dashboards: readonly Dashboard[] = [machine, shop].map(parseDashboard);

const query = (name: string, field: string, more: Record<string, unknown> = {}) => ({
  kind: "TimeSeriesQuery",
  spec: { plugin: { kind: "MillraceQuery", spec: { name, field, ...more } } },
});

const panel = (title: string, kind: string, spec: Record<string, unknown>, queries: unknown[], description?: string) => ({
  kind: "Panel",
  spec: { display: { name: title, ...(description ? { description } : {}) }, plugin: { kind, spec }, queries },
});

const place = (id: string, x: number, y: number, width: number, height: number) => ({
  x,
  y,
  width,
  height,
  content: { $ref: `#/spec/panels/${id}` },
});

/** A dashboard for a metric that nobody has made one for yet. */
export function dashboardOf(metric: string): Dashboard {
  const unit = unitOf(metric);
  const quantiles = ["p50", "p95", "p99"].map((field) => query(metric, field, { label: field }));
  return parseDashboard({
    kind: "Dashboard",
    metadata: { name: metric },
    spec: {
      display: { name: metric },
      duration: "5m",
      panels: {
        last: panel("Last value", "MillraceStat", { unit }, [query(metric, "last")]),
        p95: panel("p95, last minute", "MillraceStat", { unit }, [query(metric, "p95", { window: "1m" })]),
        highest: panel("Highest, last minute", "MillraceStat", { unit }, [query(metric, "max", { window: "1m" })]),
        events: panel("Events", "MillraceStat", { unit: "rate" }, [query(metric, "rate")]),
        quantiles: panel("Quantiles", "MillraceLine", { unit, quantiles: true, zero: false }, quantiles, "all sources, 10 s"),
        sources: panel("Sources", "MillraceLine", { unit, zero: false }, [query(metric, "value", { groupBy: "source", label: "source" })], "average of 10 s"),
        spread: panel("Spread", "MillraceHeatMap", { unit, scale: "log" }, [query(metric, "p95")], "from digests, with p95"),
      },
      layouts: [
        {
          kind: "Grid",
          spec: {
            items: [
              ...["last", "p95", "highest", "events"].map((id, i) => place(id, 6 * i, 0, 6, 2)),
              place("quantiles", 0, 2, 16, 7),
              place("spread", 16, 2, 8, 7),
              place("sources", 0, 9, 24, 6),
            ],
          },
        },
      ],
    },
  });
}
