import type { PanelData } from "./panel-data";

/** Loading shows the frame alone; empty and failed say so, and only while there is nothing better to show. */
export type Look = "loading" | "shown" | "empty" | "failed";

export function lookOf(data: PanelData): Look {
  if (data.trouble()) return "failed";
  return data.answered() ? "empty" : "loading";
}

/** What a panel says when it has nothing to draw: what is missing, and what to do. */
export function nothingYet(data: PanelData, look: Look) {
  if (look === "loading" || look === "shown") return undefined;
  const names = [...new Set(data.queries.map((query) => query.name))].join(", ");
  return look === "failed" ? (
    <>
      <b>This panel could not be read</b>
      <span>{data.trouble()}</span>
    </>
  ) : (
    <>
      <b>No data in this range</b>
      <span>waiting for {names}</span>
    </>
  );
}
