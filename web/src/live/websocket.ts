import { streamPath, type Transport } from "./transport";

export const websocket: Transport = {
  kind: "websocket",
  open(request, sink) {
    const url = new URL(streamPath(request), location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url);
    socket.onmessage = (event) => {
      if (typeof event.data === "string") sink.message(JSON.parse(event.data));
    };
    socket.onclose = (event) => sink.closed(`closed with ${event.code}`);
    return {
      close() {
        socket.onmessage = null;
        socket.onclose = null;
        socket.close(1000);
      },
    };
  },
};
