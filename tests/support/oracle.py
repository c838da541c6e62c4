"""Recomputes every bucket from the accepted events, from the words of the semantics alone. Shares no code with the engine."""
import collections
import datetime
import math

EXACT = 32


def parse_time(text):
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return round((moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) / datetime.timedelta(milliseconds=1))


class Bucket:
    def __init__(self):
        self.values, self.first, self.last = [], None, None

    def add(self, value, at):
        self.values.append(value)
        if self.first is None or at < self.first[0]:
            self.first = (at, value)
        if self.last is None or at >= self.last[0]:
            self.last = (at, value)


def buckets(events, width_ms):
    """{start: Bucket} of (value, time in ms) in accepted order."""
    found = collections.defaultdict(Bucket)
    for value, at in events:
        found[at - at % width_ms].add(value, at)
    return dict(found)


def type7(ordered, q):
    position = q * (len(ordered) - 1)
    low = math.floor(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)


def rank_error(ordered, q, answer):
    """How far `answer` is from quantile q, as a share of the values; 0 if it lies between its neighbours."""
    below = sum(1 for v in ordered if v < answer)
    up_to = sum(1 for v in ordered if v <= answer)
    n = len(ordered)
    if below <= q * n <= up_to:
        return 0.0
    return min(abs(below - q * n), abs(up_to - q * n)) / n


def differences(point, bucket, ordered_ties=True, rank_bound=0.03):
    """What an answer's point gets wrong, as text."""
    values = sorted(bucket.values)
    if point["count"] != len(values):
        yield f"count {point['count']} instead of {len(values)}"
        return
    if point["min"] != values[0] or point["max"] != values[-1]:
        yield f"min/max {point['min']}/{point['max']} instead of {values[0]}/{values[-1]}"
    exact_sum = math.fsum(values)
    scale = math.fsum(abs(v) for v in values)
    if abs(point["sum"] - exact_sum) > 1e-12 * scale:
        yield f"sum {point['sum']!r} instead of {exact_sum!r}"
    if ordered_ties and (point["first"] != bucket.first[1] or point["last"] != bucket.last[1]):
        yield f"first/last {point['first']}/{point['last']} instead of {bucket.first[1]}/{bucket.last[1]}"
    for name, q in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        if len(values) <= EXACT:
            want = type7(values, q)
            if not math.isclose(point[name], want, rel_tol=1e-9, abs_tol=1e-12):
                yield f"{name} {point[name]} instead of {want}"
        elif rank_error(values, q, point[name]) > rank_bound + 1 / len(values):
            yield f"{name} {point[name]} has a rank error of {rank_error(values, q, point[name]):.4f}"


def compare(points, expected, width_ms, **options):
    """All differences between an answer's points and the events' buckets."""
    met = {}
    for point in points:
        at = parse_time(point["timestamp"])
        if at in met:
            yield f"{point['timestamp']}: twice"
        met[at] = point
    for at in sorted(set(met) | set(expected)):
        where = datetime.datetime.fromtimestamp(at / 1000, datetime.timezone.utc).isoformat()
        if at not in met:
            yield f"{where}: missing ({len(expected[at].values)} events)"
        elif at not in expected:
            yield f"{where}: {met[at]['count']} events that nobody sent"
        else:
            for difference in differences(met[at], expected[at], **options):
                yield f"{where}: {difference}"
