"""The event door over real sockets: every rule of an event, every refusal of a body, and produce against the oracle.

ingest_test.py BINARY
"""
import csv
import gzip
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support import oracle  # noqa: E402
from support.server import Server, now_ms  # noqa: E402

BINARY = sys.argv.pop(1)
DAY = 86_400_000


class Ingest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(BINARY).start()

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def post(self, body, **headers):
        raw = body if isinstance(body, bytes) else body.encode()
        status, _, answer = self.server.request("POST", "/api/v1/events", raw, {k.replace("_", "-"): v for k, v in headers.items()})
        return status, json.loads(answer)

    def reason(self, **event):
        status, answer = self.post(json.dumps(event))
        self.assertEqual(status, 400, answer)
        self.assertEqual(answer["rejected"], 1)
        return answer["errors"][0]["reason"]

    def test_keeps_good_lines_beside_bad_ones_and_names_the_bad(self):
        status, answer = self.post('{"metric_name":"a","value":1}\nnot json\n{"metric_name":"a","value":"x"}\n')
        self.assertEqual((status, answer["accepted"], answer["rejected"]), (200, 1, 2))
        self.assertEqual([e["line"] for e in answer["errors"]], [2, 3])

    def test_takes_an_object_an_array_and_ndjson(self):
        one = '{"metric_name":"forms","value":1}'
        for body, n in ((one, 1), (f"[{one},{one}]", 2), (f"{one}\r\n\n{one}\n{one}", 3), ("\ufeff" + one, 1)):
            self.assertEqual(self.post(body)[1]["accepted"], n, body)

    def test_rejects_by_reason(self):
        now = now_ms()
        good = {"metric_name": "m", "value": 1}
        cases = {
            "metric_name_missing": {"value": 1}, "value_missing": {"metric_name": "m"},
            "value_not_a_number": {**good, "value": "1"}, "metric_name_invalid": {**good, "metric_name": "x" * 201},
            "source_id_invalid": {**good, "source_id": "x" * 201},
            "timestamp_in_seconds": {**good, "timestamp": now // 1000},
            "timestamp_in_future": {**good, "timestamp": now + 2 * 3_600_000},
            "timestamp_too_old": {**good, "timestamp": now - 8 * DAY},
            "timestamp_invalid": {**good, "timestamp": "2026-01-02T03:04:05"},
            "tags_invalid": {**good, "tags": {"a": {"b": "c"}}},
            "too_many_tags": {**good, "tags": {f"k{i}": "v" for i in range(33)}},
        }
        for reason, event in cases.items():
            self.assertEqual(self.reason(**event), reason)
        status, answer = self.post('{"metric_name":"m","value":1e999}')
        self.assertEqual((status, answer["errors"][0]["reason"]), (400, "value_not_finite"))

    def test_refuses_bodies(self):
        self.assertEqual(self.post("")[0], 400)
        self.assertEqual(self.post("{}", Content_Type="image/png")[0], 415)
        self.assertEqual(self.post("{}", Content_Encoding="br")[0], 415)
        self.assertEqual(self.post("{}", Content_Encoding="gzip, zstd")[0], 415)
        whole = gzip.compress(b'{"metric_name":"z","value":1}' * 50)
        self.assertEqual(self.post(whole[:-9], Content_Encoding="gzip")[0], 400)
        self.assertEqual(self.post(gzip.compress(b" " * 40_000_000), Content_Encoding="gzip")[0], 413)
        self.assertEqual(self.post(gzip.compress(b'{"metric_name":"z","value":1}'), Content_Encoding="gzip")[0], 200)

    def test_counts_a_repeated_sequence_once(self):
        headers = {"X_Producer_Id": "p", "X_Sequence": "5000"}
        self.assertEqual(self.post('{"metric_name":"seq","value":1}', **headers)[1]["accepted"], 1)
        again = self.post('{"metric_name":"seq","value":1}', **headers)[1]
        self.assertEqual((again["accepted"], again["duplicates"]), (0, 1))
        self.assertEqual(self.post('{"metric_name":"seq","value":1}', X_Producer_Id="p", X_Sequence="10")[0], 409)
        points = self.server.get("/api/v1/query", name="seq", resolution="10s")["points"]
        self.assertEqual(sum(p["count"] for p in points), 1)

    def test_counts_every_event_once_as_accepted_duplicate_failed_or_rejected(self):
        events = self.server.get("/api/v1/status")["events"]
        rejected = sum(events["rejected"].values())
        self.assertGreater(events["met"], 0)
        self.assertEqual(events["met"], events["accepted"] + events["duplicates"] + events["failed"] + rejected)

    def test_replays_files_so_that_every_bucket_equals_the_oracles(self):
        chance = random.Random(4)
        start = 1_400_000_000_000
        rows = []
        for step in range(3000):  # about ten days, every five minutes, three sources: the oldest are too old when shifted
            for source in ("a", 'b "quoted", comma', "ü"):
                if chance.random() < 0.9:
                    rows.append(("temperature", source, start + step * 300_000 + chance.randint(0, 3000), round(chance.gauss(20, 9), 3)))
        last = max(r[2] for r in rows)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "old.csv")
            with open(path, "w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file)
                writer.writerow(["source_id", "metric_name", "value", "timestamp", "site"])
                writer.writerows((source, metric, value, at, "x") for metric, source, at, value in rows)
            before = now_ms()
            ran = subprocess.run([BINARY, "produce", str(path), "--replay", "--to", f"http://127.0.0.1:{self.server.port}",
                                  "--dead-letters", str(path) + ".dead"], capture_output=True, text=True, timeout=120)
            after = now_ms()
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        _, _, body = self.server.request("GET", "/api/v1/export?name=temperature&from=now-8d&to=now&format=ndjson")
        stored = [json.loads(line) for line in body.splitlines()]
        shift = max(e["timestamp"] for e in stored) - last
        self.assertTrue(before <= last + shift <= after)
        oldest = after - 7 * DAY + 3_600_000
        kept = [r for r in rows if r[2] + shift >= oldest]
        self.assertLess(len(kept), len(rows), "some rows must be too old for this to be a test of it")
        # A row within the few ms that the upload took may lie on either side of the age limit.
        self.assertLessEqual(abs(len(stored) - len(kept)), 3)
        accepted = {(e["source_id"], e["timestamp"]) for e in stored}
        for source in {r[1] for r in rows}:
            events = [(r[3], r[2] + shift) for r in rows if r[1] == source and (source, r[2] + shift) in accepted]
            for resolution, width, days in (("10s", 10_000, 1), ("1m", 60_000, 7), ("1h", 3_600_000, 7)):
                since = (after - days * DAY) // 3_600_000 * 3_600_000
                answer = self.server.get("/api/v1/query", name="temperature", source=source, resolution=resolution,
                                         **{"from": since, "to": after})
                want = oracle.buckets([e for e in events if e[1] >= since], width)
                self.assertEqual(list(oracle.compare(answer["points"], want, width)), [], f"{source} {resolution}")


if __name__ == "__main__":
    unittest.main()
