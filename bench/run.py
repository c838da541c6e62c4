"""Measures the release binary on this machine and prints a table: ./dev bench [--runs N] [--events N]

Each run starts a server of its own in an empty data folder. CPU is the server's own user + system time from /proc.
"""
import argparse
import json
import os
import pathlib
import platform
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests"))
from support.server import Server  # noqa: E402

arguments = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
arguments.add_argument("--binary", required=True, help=argparse.SUPPRESS)
arguments.add_argument("--runs", type=int, default=3, help="repetitions (default 3)")
arguments.add_argument("--events", type=int, default=5_000_000, help="events of the ingest run (default 5,000,000)")
arguments.add_argument("--seconds", type=int, default=15, help="length of the latency run (default 15)")
options = arguments.parse_args()


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1000


def folder_bytes(path):
    return sum(file.stat().st_size for file in pathlib.Path(path).rglob("*") if file.is_file())


def bench(*words):
    done = subprocess.run([options.binary, "bench", *words], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout)


def ready_ms():
    server = Server(options.binary)
    begin = time.monotonic()
    try:
        server.start()
        return (time.monotonic() - begin) * 1000
    finally:
        server.close()


def query_ms(server, path, repeats=50):
    connection, times = server.connect(), []
    for _ in range(repeats):
        begin = time.monotonic()
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise SystemExit(body)
        times.append((time.monotonic() - begin) * 1000)
    return sorted(times)[len(times) // 2]


def one_run():
    figures = {"empty server ready, ms": ready_ms()}
    with Server(options.binary) as server:
        pid = server.process.pid
        before = cpu_seconds(pid)
        load = bench("ingest", "--to", f"http://127.0.0.1:{server.port}", "--events", str(options.events))
        time.sleep(3)  # commits that the load has caused belong to it
        figures["ingest, events/s"] = load["eventsPerSecond"]
        figures["ingest, server CPU us an event"] = (cpu_seconds(pid) - before) / load["events"] * 1e6
        figures["ingest, peak resident MB"] = resident_mb(pid)
        for name, query in (
                ("query one series by 10 s, ms", "name=work_a_0&source=host-0001&resolution=10s&fields=value&from=now-10m"),
                ("query average of 1,000 sources by 1 m, ms", "name=work_a_0&resolution=1m&fields=value&from=now-10m"),
                ("query p95 of 1,000 sources by 10 s, ms", "name=work_a_0&resolution=10s&fields=p95&from=now-10m"),
                ("query top 10 of 1,000 sources, ms", "name=work_a_0&resolution=1m&groupBy=source&top=10&by=max&fields=max&from=now-10m")):
            figures[name] = query_ms(server, "/api/v1/query?" + query)
        server.stop()
        figures["data folder, bytes an event"] = folder_bytes(server.data) / load["events"]
    with Server(options.binary) as server:
        probe = bench("latency", "--to", f"http://127.0.0.1:{server.port}", "--rate", "50000", "--seconds", str(options.seconds))
        figures["event to frame beside 50,000 events/s, p50 ms"] = probe["p50Ms"]
        figures["event to frame beside 50,000 events/s, p99 ms"] = probe["p99Ms"]
    return figures


runs = []
for number in range(options.runs):
    runs.append(one_run())
    print(f"run {number + 1} of {options.runs} done", file=sys.stderr)
root = pathlib.Path(__file__).resolve().parents[1]
commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=root, capture_output=True, text=True).stdout.strip()
print(f"{os.cpu_count()} cores, {platform.machine()}, commit {commit}, {time.strftime('%Y-%m-%d')}, {options.runs} runs\n")
print("| what | least | median | most |\n|---|---|---|---|")
for name in runs[0]:
    values = sorted(run[name] for run in runs)
    texts = [f"{v:,.0f}" if v >= 1000 else f"{v:.3g}" for v in (values[0], values[len(values) // 2], values[-1])]
    print(f"| {name} | {' | '.join(texts)} |")
