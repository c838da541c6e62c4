import { isObject } from "../model/point";
import { fetchQuery } from "../query/query";
import type { Topic, Transport } from "./transport";

const EVERY = 2000;
const MINUTE = 60_000;

/** The sliding minute has no last known value of its own: its newest point is asked for. */
async function newestMinute(topic: Topic, signal: AbortSignal): Promise<Record<string, unknown>> {
  const answer = await fetchQuery({ ...topic, from: Date.now() - 3 * MINUTE, to: Date.now() + MINUTE, resolution: "10s" }, signal);
  const point = answer.series[0]?.points.at(-1);
  return {
    point: point && { ...point, timestamp: point.time },
    asOf: answer.freshness?.asOf,
    state: answer.freshness?.state,
  };
}

async function latest(topic: Topic, signal: AbortSignal): Promise<Record<string, unknown>> {
  if (topic.window) return newestMinute(topic, signal);
  const query = new URLSearchParams({ name: topic.name });
  if (topic.source) query.set("source", topic.source);
  const response = await fetch(`/api/v1/latest?${query.toString()}`, { signal });
  if (!response.ok) throw new Error(`latest answered ${response.status}`);
  const json: unknown = await response.json();
  return isObject(json) ? json : {};
}

/** The last rung: asks for the last known value of each topic, and says it in the stream's words. */
export const polling: Transport = {
  kind: "polling",
  open(request, sink) {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let greeted = false;

    const round = async () => {
      try {
        const answers = await Promise.all(request.topics.map((topic) => latest(topic, abort.signal)));
        const asOf = answers[0]?.asOf;
        if (!greeted) sink.message({ type: "hello", epoch: "", serverTime: asOf });
        greeted = true;
        answers.forEach((answer, topic) => {
          if (answer.point) sink.message({ type: "point", topic, point: answer.point });
          sink.message({ type: "state", topic, freshness: { state: answer.state, asOf: answer.asOf } });
        });
        timer = setTimeout(() => void round(), EVERY);
      } catch (error) {
        if (!abort.signal.aborted) sink.closed(error instanceof Error ? error.message : "polling failed");
      }
    };
    void round();
    return {
      close() {
        abort.abort();
        clearTimeout(timer);
      },
    };
  },
};
