"""REST questions, access by scope, configuration mistakes and the data folder's lock, over the real binary.

doors_test.py BINARY
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.server import Server, now_ms  # noqa: E402

BINARY = str(pathlib.Path(sys.argv.pop(1)).resolve())


class Questions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(BINARY).start()
        cls.now = now_ms()
        cls.start = (cls.now - 600_000) // 60_000 * 60_000
        events = [{"metric_name": "temp", "source_id": source, "value": value, "timestamp": cls.start + i * 10_000,
                   "tags": {"site": site}}
                  for i in range(12) for source, site, value in (("a", "north", i), ("b", "north", 10 + i), ("c", "south", 100 + i))]
        status, answer = cls.server.post_events(events)
        assert (status, answer["accepted"]) == (200, 36), answer

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def ask(self, **parameters):
        return self.server.get("/api/v1/query", **{"name": "temp", "from": self.start, "to": self.now, "resolution": "1m", **parameters})

    def refused(self, path):
        status, _, body = self.server.request("GET", path)
        return status, json.loads(body)["error"]["message"]

    def test_merges_sources_and_windows(self):
        points = self.ask()["points"]
        self.assertEqual([(p["count"], p["min"], p["max"]) for p in points], [(18, 0, 105), (18, 6, 111)])

    def test_filters_groups_and_keeps_the_top(self):
        self.assertEqual(self.ask(**{"tag.site": "north"})["points"][0]["count"], 12)
        self.assertEqual(self.ask(**{"tag.site!": "north"})["points"][0]["count"], 6)
        self.assertEqual(self.ask(**{"tag.site": "nor*"})["points"][0]["count"], 12)
        groups = self.ask(groupBy="tag.site")["series"]
        self.assertEqual({g["tags"]["site"]: g["points"][0]["count"] for g in groups}, {"north": 12, "south": 6})
        top = self.ask(groupBy="source", top=1, by="max")["series"]
        self.assertEqual([g["source"] for g in top], ["c"])

    def test_histogram_counts_every_value(self):
        point = self.ask(fields="histogram", bins=8)["points"][0]
        self.assertAlmostEqual(sum(b[2] for b in point["histogram"]), 18, places=6)

    def test_refuses_with_the_valid_forms(self):
        cases = {
            "/api/v1/query?name=temp&colour=red": "unknown parameter",
            "/api/v1/query": "name",
            "/api/v1/query?name=temp&resolution=7s": "10s",
            "/api/v1/query?name=temp&from=yesterday": "now-15m",
            "/api/v1/query?name=temp&from=now&to=now-1h": "from",
            "/metrics/stream": "name",
            "/api/v1/query?name=temp&aggregate=avg(p95)": "average of percentiles",
        }
        for path, word in cases.items():
            status, message = self.refused(path)
            self.assertEqual(status, 400, path)
            self.assertIn(word, message, path)

    def test_answers_an_unknown_metric_with_no_points(self):
        self.assertEqual(self.server.get("/api/v1/query", name="nothing")["points"], [])

    def test_latest_has_an_age_and_an_etag(self):
        status, headers, body = self.server.request("GET", "/api/v1/latest?name=temp")
        answer = json.loads(body)
        self.assertEqual((status, answer["state"]), (200, "current"))
        self.assertGreater(answer["staleForMs"], 0)
        again = self.server.request("GET", "/api/v1/latest?name=temp", headers={"If-None-Match": headers["etag"]})
        self.assertEqual(again[0], 304)

    def test_lists_series_page_by_page(self):
        first = self.server.get("/api/v1/series", name="temp", first=2)
        rest = self.server.get("/api/v1/series", name="temp", first=2, after=first["after"])
        self.assertEqual(sorted(s["source"] for s in first["series"] + rest["series"]), ["a", "b", "c"])
        self.assertIsNone(rest["after"])

    def test_keeps_what_was_put_of_a_metric(self):
        status, _, _ = self.server.request("PUT", "/api/v1/metrics/temp", b'{"unit":"celsius","kind":"gauge","help":"Air."}')
        self.assertEqual(status, 200)
        kept = {"unit": "celsius", "kind": "gauge", "help": "Air."}
        self.assertEqual(self.server.get("/api/v1/metrics/temp"), kept)
        self.assertEqual(self.server.get("/api/v1/metrics", prefix="tem")["metrics"], [{"name": "temp", **kept}])

    def test_exports_what_produce_reads(self):
        _, _, body = self.server.request("GET", "/api/v1/export?" + urllib.parse.urlencode(
            {"name": "temp", "from": self.start, "to": self.now}))
        lines = body.decode().split("\r\n")
        self.assertEqual(lines[0], "metric_name,source_id,timestamp,value,site")
        self.assertEqual(len(lines), 1 + 36 + 1)

    def test_other_hosts_and_origins_are_refused(self):
        self.assertEqual(self.server.request("GET", "/healthz", headers={"Host": "evil.example"})[0], 421)
        self.assertEqual(self.server.request("POST", "/api/v1/events", b"{}", {"Origin": "http://evil.example"})[0], 403)
        self.assertEqual(self.server.request("DELETE", "/api/v1/query")[0], 405)

    def test_streams_events_with_hello_and_snapshot_first(self):
        connection = self.server.connect(timeout=10)
        connection.request("GET", "/metrics/stream?name=temp&points=5")
        response = connection.getresponse()
        kinds = []
        while "snapshot" not in kinds:
            line = response.readline().decode()
            if line.startswith("data:"):
                kinds.append(json.loads(line[5:])["type"])
        connection.close()
        self.assertEqual(kinds[0], "hello")


class Tokens(unittest.TestCase):
    def token(self, data, *words):
        done = subprocess.run([BINARY, "token", *words, "--data", data], capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def test_decides_by_the_routes_scope_and_revokes_at_once(self):
        with Server(BINARY) as server:
            reader = self.token(server.data, "create", "--scope", "read")
            writer = self.token(server.data, "create", "--scope", "write", "--label", "ci")
            event = b'{"metric_name":"t","value":1}'

            def status(method, path, secret=None, body=None):
                return server.request(method, path, body, {"Authorization": f"Bearer {secret}"} if secret else {})[0]

            self.assertEqual(status("GET", "/healthz"), 200)
            self.assertEqual(status("GET", "/api/v1/status"), 401)
            self.assertEqual(status("GET", "/api/v1/status", "mr_wrong_token"), 401)
            self.assertEqual(status("GET", "/api/v1/status", reader), 200)
            self.assertEqual(status("POST", "/api/v1/events", reader, event), 403)
            self.assertEqual(status("POST", "/api/v1/events", writer, event), 200)
            listed = self.token(server.data, "list")
            self.assertNotIn(writer, listed)
            number = next(line.split("\t")[0] for line in listed.splitlines() if line.endswith("ci"))
            self.token(server.data, "revoke", number)
            self.assertEqual(status("POST", "/api/v1/events", writer, event), 401)
            self.assertNotIn(writer, server.log_text())


class Starting(unittest.TestCase):
    def run_once(self, *words, toml=None):
        with tempfile.TemporaryDirectory() as folder:
            if toml is not None:
                path = pathlib.Path(folder, "millrace.toml")
                path.write_text(toml)
                words = (*words, str(path))
            return subprocess.run([BINARY, *words], capture_output=True, text=True, timeout=30, cwd=folder)

    def test_names_all_mistakes_of_a_configuration_with_lines(self):
        done = self.run_once("check-config", toml='[log]\npartitons = 4\n[stream]\nbucket = "5s"\n')
        self.assertEqual(done.returncode, 2)
        self.assertIn("millrace.toml:2", done.stderr)
        self.assertIn("log.partitions", done.stderr)
        self.assertIn("millrace.toml:4", done.stderr)

    def test_refuses_a_public_address_without_a_token(self):
        done = self.run_once("serve", "--listen", "0.0.0.0:0")
        self.assertEqual(done.returncode, 2)
        self.assertIn("token", done.stderr)

    def test_refuses_a_port_in_use_and_a_folder_in_use(self):
        with Server(BINARY) as server:
            taken = self.run_once("serve", "--listen", f"127.0.0.1:{server.port}")
            self.assertEqual(taken.returncode, 2, taken.stderr)
            locked = self.run_once("serve", "--listen", "127.0.0.1:0", "--data", server.data)
            self.assertEqual(locked.returncode, 2)
            self.assertIn(str(server.process.pid), locked.stderr)

    def test_ends_with_zero_on_sigterm(self):
        server = Server(BINARY).start()
        try:
            self.assertEqual(server.stop(), 0)
        finally:
            server.close()


if __name__ == "__main__":
    unittest.main()
