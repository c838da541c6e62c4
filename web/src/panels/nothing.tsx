import type { PanelData } from "./panel-data";

/** What a panel says when it has nothing to draw: what is missing, and what to do. */
export function nothingYet(data: PanelData) {
  const trouble = data.trouble();
  if (trouble) {
    return (
      <>
        <b>This panel could not be read</b>
        <span>{trouble}</span>
      </>
    );
  }
  if (!data.answered()) return undefined;
  const names = [...new Set(data.queries.map((query) => query.name))];
  return (
    <>
      <b>No data in this range</b>
      <span>waiting for {names.join(", ")}</span>
    </>
  );
}
