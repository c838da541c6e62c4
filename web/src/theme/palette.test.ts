import { readFileSync } from "node:fs";
import { differenceCiede2000, filterDeficiencyDeuter, filterDeficiencyProt, filterDeficiencyTrit, parse, wcagContrast, type Color } from "culori";
import { describe, expect, it } from "vitest";
import { SERIES } from "./palette";

const css = readFileSync(new URL("./tokens.css", import.meta.url), "utf8");

function tokens(theme: "dark" | "light"): Map<string, string> {
  const block = css.slice(css.indexOf(`[data-theme="${theme}"]`));
  const body = block.slice(block.indexOf("{"), block.indexOf("}"));
  return new Map([...body.matchAll(/(--[\w-]+):\s*(#[0-9a-f]{6})/g)].map((match) => [match[1] ?? "", match[2] ?? ""]));
}

function colorOf(hex: string): Color {
  const color = parse(hex);
  if (!color) throw new Error(`${hex} is no colour`);
  return color;
}

const distance = differenceCiede2000();
const deficiencies = {
  protan: filterDeficiencyProt(1),
  deutan: filterDeficiencyDeuter(1),
  tritan: filterDeficiencyTrit(1),
} as const;

describe.each(["dark", "light"] as const)("the %s theme", (theme) => {
  const values = tokens(theme);
  const of = (token: string): string => {
    const value = values.get(token);
    if (!value) throw new Error(`${token} is not in the ${theme} theme`);
    return value;
  };

  it.each(Object.keys(deficiencies) as (keyof typeof deficiencies)[])("keeps neighbouring series apart for %s eyes", (kind) => {
    const eyes = deficiencies[kind];
    const seen = SERIES.map((token) => eyes(colorOf(of(token))));
    for (let i = 1; i < seen.length; i++) {
      const [before, after] = [seen[i - 1], seen[i]];
      if (!before || !after) throw new Error("no colour");
      expect(distance(before, after), `${SERIES[i - 1]} and ${SERIES[i]}`).toBeGreaterThanOrEqual(20);
    }
  });

  it.each(["--panel", "--bg", "--raise"])("has text of contrast 4.5 on %s", (ground) => {
    for (const text of ["--text", "--muted", "--axis", "--stale", "--ok", "--warn", "--bad"]) {
      expect(wcagContrast(of(text), of(ground)), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
    }
  });

  it("draws every line with contrast 3 on a panel", () => {
    for (const line of [...SERIES, "--q50", "--q95", "--q99", "--neutral"]) {
      expect(wcagContrast(of(line), of("--panel")), line).toBeGreaterThanOrEqual(3);
    }
  });

  it("orders quantiles and heat by lightness", () => {
    const contrast = (token: string) => wcagContrast(of(token), of("--panel"));
    expect(contrast("--q50")).toBeLessThan(contrast("--q95"));
    expect(contrast("--q95")).toBeLessThan(contrast("--q99"));
    expect(contrast("--heat1")).toBeLessThan(contrast("--heat2"));
    expect(contrast("--heat2")).toBeLessThan(contrast("--heat3"));
  });
});
