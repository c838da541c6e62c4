"""kill -9 at random moments under load, late and retried batches included; then every bucket is recomputed.

kill_test.py BINARY [ROUNDS [SEED]]
"""
import collections
import http.client
import json
import pathlib
import random
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support import oracle  # noqa: E402
from support.server import Server, now_ms  # noqa: E402

BINARY = sys.argv[1]
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 30
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else random.SystemRandom().randrange(1 << 32)
WRITERS, SOURCES, METRICS = 3, 4, 2
HOUR = 3_600_000


class Writer(threading.Thread):
    """Sends batches one after another, each until it is acknowledged; its sources are its own, so their order is known."""

    def __init__(self, server, number, seed):
        super().__init__(daemon=True)
        self.server, self.number, self.random = server, number, random.Random(seed)
        self.sequence, self.stopping = 0, threading.Event()
        self.accepted = collections.defaultdict(list)  # (metric, source) -> [(value, time)] in accepted order
        self.acknowledged = self.duplicates = self.sent_again = 0
        self.wrong = []
        self.connection = None

    def batch(self):
        now, events = now_ms(), []
        late = self.random.random() < 0.15
        for _ in range(self.random.randint(1, 200)):
            age = self.random.randint(0, 2 * HOUR) if late else self.random.randint(0, 15_000)
            events.append({
                "metric_name": f"load_{self.random.randrange(METRICS)}",
                "source_id": f"writer-{self.number}-{self.random.randrange(SOURCES)}",
                "value": round(self.random.lognormvariate(3, 1), 3), "timestamp": now - age,
                "tags": {"w": str(self.number)}})
        return events

    def post(self, events):
        """The answer, or None if the server did not give one."""
        body = "\n".join(map(json.dumps, events)).encode()
        headers = {"X-Producer-Id": f"writer-{self.number}", "X-Sequence": str(self.sequence)}
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
            self.connection.request("POST", "/api/v1/events", body, headers)
            response = self.connection.getresponse()
            return response.status, json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError):
            self.connection = None
            return None

    def run(self):
        while not self.stopping.is_set():
            self.sequence += 1
            events = self.batch()
            while True:
                answer = self.post(events)
                if answer and answer[0] == 200:
                    break
                if answer and answer[0] not in (429, 503):
                    self.wrong.append(f"status {answer}")
                    return
                time.sleep(0.01)
                self.sent_again += 1
            if answer[1]["accepted"] + answer[1]["duplicates"] != len(events) or answer[1]["rejected"]:
                self.wrong.append(f"{len(events)} events sent, answer {answer[1]}")
            self.acknowledged += len(events)
            self.duplicates += answer[1]["duplicates"]
            for event in events:
                self.accepted[event["metric_name"], event["source_id"]].append((event["value"], event["timestamp"]))
            if self.random.random() < 0.1:  # the answer came, and the producer sends again all the same
                again = self.post(events)
                if again and again[0] == 200 and (again[1]["accepted"] or again[1]["duplicates"] != len(events)):
                    self.wrong.append(f"sent again, counted again: {again[1]}")


def check(server, writers):
    found = []
    accepted = {}
    for writer in writers:
        found += writer.wrong
        accepted.update(writer.accepted)
    start, end = now_ms() - 3 * HOUR, now_ms() + 60_000
    for resolution, width in (("10s", 10_000), ("1m", 60_000)):
        for (metric, source), events in accepted.items():
            answer = server.get("/api/v1/query", name=metric, source=source, resolution=resolution, **{"from": start, "to": end})
            for difference in oracle.compare(answer["points"], oracle.buckets(events, width), width):
                found.append(f"{resolution} {metric} {source} {difference}")
        for metric in {metric for metric, _ in accepted}:
            events = [e for (name, _), part in accepted.items() if name == metric for e in part]
            answer = server.get("/api/v1/query", name=metric, resolution=resolution, **{"from": start, "to": end})
            for difference in oracle.compare(answer["points"], oracle.buckets(events, width), width, ordered_ties=False):
                found.append(f"{resolution} {metric} (all) {difference}")
    for (metric, source), events in accepted.items():
        _, _, body = server.request("GET", f"/api/v1/export?name={metric}&source={source}&from={start}&to={end}&format=ndjson")
        raw = collections.Counter((e["value"], e["timestamp"]) for e in map(json.loads, body.splitlines()))
        if raw != collections.Counter(events):
            found.append(f"raw {metric} {source}: {sum(raw.values())} points instead of {len(events)}")
    return found


def main():
    print(f"seed {SEED}, {ROUNDS} rounds", flush=True)
    chance = random.Random(SEED)
    server = Server(BINARY, env={"MILLRACE_STREAM_COMMIT_INTERVAL": "700ms"})
    found = []
    try:
        server.start()
        writers = [Writer(server, n, chance.random()) for n in range(WRITERS)]
        for writer in writers:
            writer.start()
        for number in range(ROUNDS):
            time.sleep(chance.uniform(0.05, 1.6))
            server.kill()
            server.start()
            if number % 10 == 9:
                print(f"round {number + 1}: {sum(w.acknowledged for w in writers)} events acknowledged", flush=True)
        time.sleep(1)
        for writer in writers:
            writer.stopping.set()
        for writer in writers:
            writer.join(timeout=60)
        found = check(server, writers)
        # Once more from the store alone: everything committed, a new process.
        if server.stop() != 0:
            found.append("SIGTERM did not end in exit 0")
        server.start()
        found += [f"after a restart: {each}" for each in check(server, writers)]
        total = sum(w.acknowledged for w in writers)
        print(f"{total} events acknowledged, {sum(w.sent_again for w in writers)} sendings repeated, "
              f"{sum(w.duplicates for w in writers)} answered as duplicates, {len(found)} differences")
        if total == 0:
            found.append("nothing was acknowledged: this test tested nothing")
    finally:
        server.close()
    print("\n".join(found[:50]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
