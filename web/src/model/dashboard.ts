import type { Unit } from "../format/units";
import { isObject, type Field } from "./point";

/** Ours: the plugin of a TimeSeriesQuery. Without a group it is one line or figure. */
export interface QuerySpec {
  name: string;
  source?: string;
  window?: "1m";
  field: Field;
  /** What the legend calls it. */
  label?: string;
  groupBy?: string;
  top?: number;
  filters?: Record<string, string>;
}

export interface PanelSpec {
  id: string;
  title: string;
  description: string;
  kind: string;
  /** The plugin's own options, read by its panel kind. */
  options: Readonly<Record<string, unknown>>;
  queries: readonly QuerySpec[];
}

/** Place on the grid of 24 columns, as in Perses. */
export interface GridItem {
  x: number;
  y: number;
  width: number;
  height: number;
  panel: PanelSpec;
}

export interface Dashboard {
  name: string;
  title: string;
  description: string;
  duration: string;
  items: readonly GridItem[];
}

export type { Unit };

const FIELDS: readonly Field[] = ["value", "count", "sum", "min", "max", "first", "last", "p50", "p95", "p99", "rate"];

type Json = Record<string, unknown>;

class Reader {
  constructor(
    private readonly json: unknown,
    private readonly path: string,
  ) {}

  object(): Json {
    if (!isObject(this.json)) throw new Error(`${this.path || "document"}: an object is needed`);
    return this.json;
  }

  at(key: string): Reader {
    return new Reader(this.object()[key], this.path ? `${this.path}.${key}` : key);
  }

  has(key: string): boolean {
    return this.object()[key] !== undefined;
  }

  text(fallback?: string): string {
    if (typeof this.json === "string") return this.json;
    if (this.json === undefined && fallback !== undefined) return fallback;
    throw new Error(`${this.path}: a text is needed`);
  }

  number(): number {
    if (typeof this.json === "number" && Number.isFinite(this.json)) return this.json;
    throw new Error(`${this.path}: a number is needed`);
  }

  list(): Reader[] {
    if (!Array.isArray(this.json)) throw new Error(`${this.path}: a list is needed`);
    return this.json.map((item, i) => new Reader(item, `${this.path}[${i}]`));
  }

  fail(message: string): never {
    throw new Error(`${this.path}: ${message}`);
  }
}

function parseQuery(reader: Reader): QuerySpec {
  const plugin = reader.at("spec").at("plugin");
  const kind = plugin.at("kind").text();
  if (kind !== "MillraceQuery") plugin.at("kind").fail(`"${kind}" is not known; MillraceQuery is`);
  const spec = plugin.at("spec");
  const field = spec.at("field").text("value");
  const known = FIELDS.find((candidate) => candidate === field);
  if (!known) return spec.at("field").fail(`"${field}" is not one of ${FIELDS.join(", ")}`);
  const query: QuerySpec = { name: spec.at("name").text(), field: known };
  if (spec.has("source")) query.source = spec.at("source").text();
  if (spec.has("label")) query.label = spec.at("label").text();
  if (spec.has("groupBy")) query.groupBy = spec.at("groupBy").text();
  if (spec.has("top")) query.top = spec.at("top").number();
  if (spec.at("window").text("") === "1m") query.window = "1m";
  if (spec.has("filters")) {
    const filters = spec.at("filters");
    query.filters = Object.fromEntries(Object.keys(filters.object()).map((key) => [key, filters.at(key).text()]));
  }
  return query;
}

function parsePanel(id: string, reader: Reader): PanelSpec {
  const spec = reader.at("spec");
  const plugin = spec.at("plugin");
  return {
    id,
    title: spec.at("display").at("name").text(),
    description: spec.at("display").at("description").text(""),
    kind: plugin.at("kind").text(),
    options: plugin.at("spec").object(),
    queries: spec.has("queries") ? spec.at("queries").list().map(parseQuery) : [],
  };
}

const REFERENCE = /^#\/spec\/panels\/(.+)$/;

/** Reads a Perses document; throws an Error that names the place of what is wrong. */
export function parseDashboard(json: unknown): Dashboard {
  const document = new Reader(json, "");
  const kind = document.at("kind").text();
  if (kind !== "Dashboard") document.at("kind").fail(`"${kind}" is not Dashboard`);
  const spec = document.at("spec");
  const panels = spec.at("panels");
  const items: GridItem[] = [];
  for (const layout of spec.at("layouts").list()) {
    for (const item of layout.at("spec").at("items").list()) {
      const reference = item.at("content").at("$ref");
      const id = REFERENCE.exec(reference.text())?.[1];
      if (!id || !panels.has(id)) return reference.fail(`no panel "${reference.text()}"`);
      items.push({
        x: item.at("x").number(),
        y: item.at("y").number(),
        width: item.at("width").number(),
        height: item.at("height").number(),
        panel: parsePanel(id, panels.at(id)),
      });
    }
  }
  const name = document.at("metadata").at("name").text();
  return {
    name,
    title: spec.has("display") ? spec.at("display").at("name").text(name) : name,
    description: spec.has("display") ? spec.at("display").at("description").text("") : "",
    duration: spec.at("duration").text("15m"),
    items: items.sort((a, b) => a.y - b.y || a.x - b.x),
  };
}
