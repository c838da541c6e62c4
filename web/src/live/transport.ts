/** One thing that a panel watches; the window is the 10 s bucket unless it is the sliding minute. */
export interface Topic {
  name: string;
  source?: string;
  window?: "1m";
}

export const topicKey = (topic: Topic): string => JSON.stringify([topic.name, topic.source ?? "", topic.window ?? ""]);

export interface StreamRequest {
  topics: readonly Topic[];
  /** EPOCH-SEQ of the last message seen of these very topics. */
  since?: string;
}

/** What a session tells: messages as parsed JSON, and its end, once. */
export interface Sink {
  message(json: unknown, id?: string): void;
  closed(reason: string): void;
}

export interface Session {
  close(): void;
}

/** A way to the server. Best first on the ladder: WebSocket, Server-Sent Events, polling. */
export interface Transport {
  readonly kind: "websocket" | "sse" | "polling";
  open(request: StreamRequest, sink: Sink): Session;
}

/** `name`, `source` and `window` pair by position, so each topic says all three. */
export function streamPath(request: StreamRequest): string {
  const query = new URLSearchParams();
  for (const topic of request.topics) {
    query.append("name", topic.name);
    query.append("source", topic.source ?? "");
    query.append("window", topic.window ?? "");
  }
  if (request.since) query.set("since", request.since);
  return `/metrics/stream?${query.toString()}`;
}
