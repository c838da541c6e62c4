"""Starts the real binary for a test, on a free port with a data folder of its own, and talks to it over HTTP."""
import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.parse

START_SECONDS = 60


class Server:
    """One process; start() again after kill() goes on with the same data folder and port."""

    def __init__(self, binary, *args, command="serve", data=None, port=0, env=None):
        self.binary, self.args, self.command = str(binary), list(args), command
        self.own_data = data is None
        self.data = data or tempfile.mkdtemp(prefix="millrace-test-")
        self.port, self.env = port, {**os.environ, **(env or {})}
        self.process = None
        self.log_path = pathlib.Path(self.data).with_suffix(".log")

    def start(self, wait_ready=True):
        self.log = open(self.log_path, "ab")
        self.process = subprocess.Popen(
            [self.binary, self.command, "--listen", f"127.0.0.1:{self.port}", "--data", self.data, *self.args],
            stdout=subprocess.PIPE, stderr=self.log, env=self.env, text=True)
        for line in self.process.stdout:
            match = re.match(r"listening on http://([\d.]+):(\d+)", line)
            if match:
                self.port = int(match[2])
                break
        else:
            raise RuntimeError(f"exit {self.process.wait()}: {self.log_text()[-2000:]}")
        if wait_ready:
            self.wait_ready()
        return self

    def wait_ready(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                if self.request("GET", "/readyz")[0] == 200:
                    return
            time.sleep(0.02)
        raise RuntimeError("not ready: " + self.log_text()[-2000:])

    def log_text(self):
        return self.log_path.read_text(errors="replace")

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        """SIGTERM; answers the exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=30)
        self.process.stdout.close()
        return code

    def signal(self, number):
        self.process.send_signal(number)

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.own_data:
            shutil.rmtree(self.data, ignore_errors=True)
        with contextlib.suppress(OSError):
            self.log_path.unlink()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    def connect(self, timeout=30):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def request(self, method, path, body=None, headers=None):
        """(status, headers with lower-case names, body bytes)."""
        connection = self.connect()
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
        finally:
            connection.close()

    def get(self, path, **parameters):
        """Parsed JSON of a GET that must succeed."""
        if parameters:
            path += "?" + urllib.parse.urlencode(parameters, doseq=True)
        status, _, body = self.request("GET", path)
        if status != 200:
            raise AssertionError(f"GET {path}: {status} {body[:500]!r}")
        return json.loads(body)

    def post_events(self, lines, headers=None):
        body = "\n".join(json.dumps(line) if not isinstance(line, str) else line for line in lines)
        status, _, answer = self.request("POST", "/api/v1/events", body.encode(), headers)
        return status, json.loads(answer)


def now_ms():
    return int(time.time() * 1000)
