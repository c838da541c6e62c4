"""Every #include in src/ against src/layers.txt: a room may use only what its line says."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def layers():
    allowed = {}
    for line in (ROOT / "src/layers.txt").read_text().splitlines():
        if line.startswith("#") or ":" not in line:
            continue
        room, _, uses = line.partition(":")
        allowed[room] = set(uses.split()) | {room}
    return allowed


def violations(allowed):
    seen = 0
    for file in sorted((ROOT / "src").rglob("*.[ch]pp")):
        room = file.relative_to(ROOT / "src").parts[0]
        if room not in allowed:
            yield f"{file.relative_to(ROOT)}: room '{room}' has no line in src/layers.txt"
            continue
        for number, line in enumerate(file.read_text().splitlines(), 1):
            match = re.match(r'\s*#include\s+"([a-z_]+)/', line)
            if not match:
                if re.match(r'\s*#include\s+"', line):
                    yield f"{file.relative_to(ROOT)}:{number}: include by room, as in \"base/result.hpp\""
                continue
            seen += 1
            # A room's tests may lean on the default implementation of a seam, as app does.
            if match[1] not in allowed[room] and not file.stem.endswith(("_test", "_bench", "_fixture", "_suite")):
                yield f"{file.relative_to(ROOT)}:{number}: {room} may not use {match[1]}"
    if seen == 0:
        yield "no #include found: this test reads nothing"


def cycles(allowed):
    order = list(allowed)
    for room, uses in allowed.items():
        for other in uses - {room}:
            if other not in allowed:
                yield f"layers.txt: {room} uses {other}, which is no room"
            elif order.index(other) > order.index(room):
                yield f"layers.txt: {room} uses {other}, which stands below it"


found = [*cycles(layers()), *violations(layers())]
print("\n".join(found) or "layers hold")
sys.exit(1 if found else 0)
