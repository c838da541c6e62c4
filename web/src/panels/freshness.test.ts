import { describe, expect, it } from "vitest";
import { clock } from "../format/time";
import { freshnessOf } from "./panel-frame";

const now = 1_700_000_000_000;

describe("freshnessOf", () => {
  it("says nothing while data is current", () => {
    expect(freshnessOf({ until: now - 2000, state: "current" }, now, 500).text).toBe("");
  });

  it("gives the age once a heartbeat is missing", () => {
    expect(freshnessOf({ until: now - 9000, state: "current" }, now, 9000)).toEqual({ look: "late", text: "9 s old" });
  });

  it("is patient with a metric that comes every ten seconds while the server speaks", () => {
    expect(freshnessOf({ until: now - 9000, state: "current" }, now, 500).look).toBe("current");
    expect(freshnessOf({ until: now - 13_000, state: "current" }, now, 500)).toEqual({ look: "late", text: "13 s old" });
  });

  it("gives the time of the last known value when it is gone", () => {
    expect(freshnessOf({ until: now - 90_000, state: "current" }, now, 90_000)).toEqual({ look: "gone", text: clock(now - 90_000) });
    expect(freshnessOf({ until: now - 1000, state: "stalled" }, now, 0).look).toBe("gone");
  });

  it("has nothing to say of what has never come", () => {
    expect(freshnessOf({ until: NaN, state: "current" }, now, 0).text).toBe("");
  });
});
