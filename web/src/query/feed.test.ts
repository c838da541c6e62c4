import { describe, expect, it } from "vitest";
import { aPoint } from "../model/point-builder";
import { QueryFeed } from "./feed";
import { parseAnswer, queryPath, RequestError, type Answer, type Query } from "./query";

const answer = (...groups: [string, number[]][]): Answer => ({
  series: groups.map(([source, times]) => ({ source, tags: {}, points: times.map((time) => aPoint(time)) })),
  resolution: "10s",
  freshness: undefined,
});
const window = { from: 0, to: 200_000, step: 10_000, resolution: "10s" };

describe("QueryFeed", () => {
  it("asks for all first, then only for the newest stretch", async () => {
    const asked: Query[] = [];
    const feed = new QueryFeed({ name: "cpu", groupBy: "source" }, (query) => {
      asked.push(query);
      return Promise.resolve(answer(["a", [180_000, 190_000]]));
    });
    await feed.refresh(window, 200_000);
    await feed.refresh({ ...window, to: 202_000 }, 202_000);
    expect(asked.map((query) => query.from)).toEqual([0, 120_000]);
  });

  it("keeps the last good answer when the next fails, and says so", async () => {
    let fail = false;
    const feed = new QueryFeed({ name: "cpu", groupBy: "source" }, () =>
      fail ? Promise.reject(new RequestError(503, "unavailable", "store is away")) : Promise.resolve(answer(["a", [190_000]])),
    );
    expect(await feed.refresh(window, 200_000)).toBe(true);
    fail = true;
    expect(await feed.refresh(window, 202_000)).toBe(false);
    expect(feed.groups.get("a")?.points.length).toBe(1);
    expect(feed.error?.message).toBe("store is away");
    expect(feed.answeredAt).toBe(200_000);
  });

  it("takes later versions of buckets and drops what is older than the range", async () => {
    const answers = [answer(["a", [0, 10_000, 190_000]]), answer(["a", [190_000, 200_000]])];
    const feed = new QueryFeed({ name: "cpu", groupBy: "source" }, () => Promise.resolve(answers.shift() ?? answer()));
    await feed.refresh(window, 200_000);
    await feed.refresh({ ...window, from: 20_000, to: 210_000 }, 202_000);
    expect(feed.groups.get("a")?.points.points.map((point) => point.time)).toEqual([10_000, 190_000, 200_000]);
  });

  it("forgets a group that a whole answer no longer has", async () => {
    const answers = [answer(["a", [190_000]], ["b", [190_000]]), answer(["a", [190_000]])];
    const feed = new QueryFeed({ name: "cpu", groupBy: "source", top: 5 }, () => Promise.resolve(answers.shift() ?? answer()));
    await feed.refresh(window, 200_000);
    await feed.refresh(window, 202_000);
    expect([...feed.groups.keys()]).toEqual(["a"]);
  });
});

it("reads grouped answers and plain ones alike", () => {
  const plain = parseAnswer({ name: "cpu", source: null, resolution: "10s", points: [{ timestamp: 0, value: 1, histogram: [[1, 2, 3], [1]] }] });
  expect(plain.series).toHaveLength(1);
  expect(plain.series[0]?.points[0]?.histogram).toEqual([[1, 2, 3]]);
  expect(parseAnswer({ series: [{ source: "", tags: { core: "0" }, points: [] }] }).series[0]?.tags).toEqual({ core: "0" });
});

it("writes a question as the server reads it", () => {
  expect(
    queryPath({ name: "a:b", from: 0, to: 1.5, resolution: "10s", groupBy: "tag.core", top: 3, by: "p95", fields: ["p95"], filters: { region: "eu" } }),
  ).toBe("/api/v1/query?name=a%3Ab&from=0&to=2&resolution=10s&fields=p95&groupBy=tag.core&top=3&by=p95&tag.region=eu");
});
