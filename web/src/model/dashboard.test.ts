import { describe, expect, it } from "vitest";
import machine from "../../dashboards/machine.json";
import shop from "../../dashboards/shop.json";
import { parseDashboard } from "./dashboard";

const document = (change: (document: typeof machine) => void = () => {}) => {
  const copy = structuredClone(machine);
  change(copy);
  return copy;
};

describe("parseDashboard", () => {
  it.each([
    ["machine", machine],
    ["shop", shop],
  ])("reads the %s dashboard with every panel placed once", (name, json) => {
    const dashboard = parseDashboard(json);
    expect(dashboard.name).toBe(name);
    expect(dashboard.items.map((item) => item.panel.id).sort()).toEqual(Object.keys(json.spec.panels).sort());
    expect(dashboard.items.every((item) => item.panel.queries.length > 0)).toBe(true);
  });

  it.each([
    ["machine", machine],
    ["shop", shop],
  ])("fills the %s dashboard's grid without overlap", (_, json) => {
    const taken = new Set<string>();
    for (const item of parseDashboard(json).items) {
      expect(item.x + item.width).toBeLessThanOrEqual(24);
      for (let x = item.x; x < item.x + item.width; x++) {
        for (let y = item.y; y < item.y + item.height; y++) {
          expect(taken.has(`${x},${y}`), `${item.panel.id} at ${x},${y}`).toBe(false);
          taken.add(`${x},${y}`);
        }
      }
    }
  });

  it("names the place of what is wrong", () => {
    expect(() => parseDashboard({ kind: "Folder" })).toThrow('kind: "Folder" is not Dashboard');
    expect(() => parseDashboard(document((copy) => (copy.spec.panels.cpu.spec.queries[0]!.spec.plugin.spec.field = "p42")))).toThrow(
      'spec.panels.cpu.spec.queries[0].spec.plugin.spec.field: "p42" is not one of',
    );
    expect(() => parseDashboard(document((copy) => (copy.spec.layouts[0]!.spec.items[0]!.content.$ref = "#/spec/panels/none")))).toThrow(
      "spec.layouts[0].spec.items[0].content.$ref",
    );
    expect(() => parseDashboard(document((copy) => ((copy.spec.layouts[0]!.spec.items[0]! as { x: unknown }).x = "left")))).toThrow(
      "spec.layouts[0].spec.items[0].x: a number is needed",
    );
  });
});
