import { streamPath, type Transport } from "./transport";

export const serverSentEvents: Transport = {
  kind: "sse",
  open(request, sink) {
    const source = new EventSource(streamPath(request));
    const close = () => {
      source.onmessage = null;
      source.onerror = null;
      source.close();
    };
    source.onmessage = (event: MessageEvent<string>) => sink.message(JSON.parse(event.data), event.lastEventId || undefined);
    // The browser's own reconnection knows no ladder and no jitter: ours does it.
    source.onerror = () => {
      close();
      sink.closed("event stream failed");
    };
    return { close };
  },
};
