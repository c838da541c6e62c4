import { isObject, parseFreshness, parsePoints, type Freshness, type Point } from "../model/point";

/** GET /api/v1/query, as far as the page asks. Times in epoch milliseconds. */
export interface Query {
  name: string;
  source?: string;
  window?: "1m";
  from: number;
  to: number;
  resolution: string;
  fields?: readonly string[];
  bins?: number;
  groupBy?: string;
  top?: number;
  by?: string;
  filters?: Readonly<Record<string, string>>;
}

export interface Series {
  source: string;
  tags: Readonly<Record<string, string>>;
  points: Point[];
}

export interface Answer {
  series: Series[];
  resolution: string;
  freshness: Freshness | undefined;
}

export class RequestError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export function queryPath(query: Query): string {
  const parameters = new URLSearchParams({ name: query.name });
  if (query.source) parameters.set("source", query.source);
  if (query.window) parameters.set("window", query.window);
  parameters.set("from", String(Math.floor(query.from)));
  parameters.set("to", String(Math.ceil(query.to)));
  parameters.set("resolution", query.resolution);
  if (query.fields) parameters.set("fields", query.fields.join(","));
  if (query.bins) parameters.set("bins", String(query.bins));
  if (query.groupBy) parameters.set("groupBy", query.groupBy);
  if (query.top) parameters.set("top", String(query.top));
  if (query.by) parameters.set("by", query.by);
  for (const [key, value] of Object.entries(query.filters ?? {})) parameters.append(`tag.${key}`, value);
  return `/api/v1/query?${parameters.toString()}`;
}

const stringOf = (value: unknown): string => (typeof value === "string" ? value : "");

function parseTags(json: unknown): Record<string, string> {
  if (!isObject(json)) return {};
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, String(value)]));
}

/** An answer without groups becomes one series. */
export function parseAnswer(json: unknown): Answer {
  if (!isObject(json)) return { series: [], resolution: "", freshness: undefined };
  const groups = Array.isArray(json.series) ? json.series.filter(isObject) : [json];
  return {
    series: groups.map((group) => ({
      source: stringOf(group.source),
      tags: parseTags(group.tags),
      points: parsePoints(group.points),
    })),
    resolution: stringOf(json.resolution),
    freshness: parseFreshness(json.freshness),
  };
}

async function failure(response: Response): Promise<RequestError> {
  const json: unknown = await response.json().catch(() => undefined);
  const error = isObject(json) && isObject(json.error) ? json.error : {};
  return new RequestError(response.status, stringOf(error.code), stringOf(error.message) || `status ${response.status}`);
}

export async function fetchQuery(query: Query, signal?: AbortSignal): Promise<Answer> {
  const response = await fetch(queryPath(query), signal ? { signal } : {});
  if (!response.ok) throw await failure(response);
  return parseAnswer(await response.json());
}

/** Whether the server knows a series of this metric. */
export async function seriesExists(name: string, signal?: AbortSignal): Promise<boolean> {
  const response = await fetch(`/api/v1/series?name=${encodeURIComponent(name)}&first=1`, signal ? { signal } : {});
  if (!response.ok) throw await failure(response);
  const json: unknown = await response.json();
  return isObject(json) && Array.isArray(json.series) && json.series.length > 0;
}

/** The value of the group that an answer's series stands for. */
export function groupName(series: Series, groupBy: string): string {
  if (groupBy === "source") return series.source;
  return series.tags[groupBy.replace(/^tag\./, "")] ?? "";
}
