import { describe, expect, it } from "vitest";
import { stepFor, ViewStore } from "./view";

describe("ViewStore", () => {
  it("shows the newest stretch, ending at now", () => {
    expect(new ViewStore("?range=5m").window(1_000_000)).toEqual({ from: 700_000, to: 1_000_000 });
  });

  it("takes a document's duration only as long as nobody chose another", () => {
    const views = new ViewStore("");
    views.suggest("5m");
    expect(views.view.range.key).toBe("5m");
    views.choose("1h");
    views.suggest("15m");
    expect(views.view.range.key).toBe("1h");
  });

  it("stands still while paused and goes on from now", () => {
    const views = new ViewStore("?range=1m");
    views.pause(500_000, 40);
    expect(views.window(900_000).to).toBe(500_000);
    expect(views.view.pausedCount).toBe(40);
    views.resume();
    expect(views.window(900_000).to).toBe(900_000);
  });

  it("keeps a zoom in the address and reads it from there", () => {
    let search = "";
    const views = new ViewStore("?range=15m", (next) => (search = next));
    views.zoom(100_000, 200_000);
    expect(new ViewStore(`?${search}`).window(9e9)).toEqual({ from: 100_000, to: 200_000 });
    views.unzoom();
    expect(search).toBe("range=15m");
  });
});

it("asks for buckets of 10 s up to an hour, then for coarser ones", () => {
  expect([60_000, 3600_000, 6 * 3600_000, 24 * 3600_000, 7 * 86_400_000].map((span) => stepFor(span).name)).toEqual(["10s", "10s", "1m", "5m", "30m"]);
});
