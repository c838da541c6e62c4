"""House rules on files: a contract in each public header, at most 700 lines, no banned names, no left-overs."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIMIT = 700
SOURCES = (".cpp", ".hpp", ".ts", ".tsx", ".css", ".java", ".rs", ".py", ".mjs")
BANNED_NAMES = re.compile(r"(^|[_/-])(utils?|managers?|helpers?|misc|common)([_./-]|$)", re.IGNORECASE)
LEFT_OVERS = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b|GTEST_" r"SKIP|DISABLED" r"_|\.only\(")


def tracked():
    out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [pathlib.PurePosixPath(line) for line in out.stdout.splitlines() if (ROOT / line).is_file()]


def has_contract(text):
    """A /// block stands right above the first class, struct, enum or function that the header offers."""
    return re.search(r"^\s*///", text, re.MULTILINE) is not None


def classes_without_contract(text):
    lines = text.splitlines()
    for number, line in enumerate(lines):
        match = re.match(r"^(class|struct)\s+(\[\[nodiscard\]\]\s+)?(\w+)[^;]*$", line)
        if not match:
            continue
        above = number - 1
        while above >= 0 and re.match(r"\s*(template|requires)\b", lines[above]):
            above -= 1
        if above < 0 or not lines[above].lstrip().startswith("///"):
            yield number + 1, match[3]


found = []
for path in tracked():
    if path.suffix not in SOURCES or "node_modules" in path.parts:
        continue
    text = (ROOT / path).read_text(errors="replace")
    count = text.count("\n")
    if count > LIMIT:
        found.append(f"{path}: {count} lines, {LIMIT} at most: what second thing moved in?")
    if BANNED_NAMES.search(str(path)):
        found.append(f"{path}: name says nothing (no utils, managers, helpers)")
    if path.parts[0] == "src" and path.suffix == ".hpp":
        if not has_contract(text):
            found.append(f"{path}: no contract comment (///)")
        if not path.stem.endswith(("_test", "_suite")):
            for number, name in classes_without_contract(text):
                if name != "std":  # a specialisation
                    found.append(f"{path}:{number}: {name} has no contract comment (///)")
    if path.parts[0] in ("src", "web", "flink", "tests", "bench", "rust") and path.name != "files_test.py":
        for number, line in enumerate(text.splitlines(), 1):
            if LEFT_OVERS.search(line):
                found.append(f"{path}:{number}: left over: {line.strip()[:80]}")
print("\n".join(found) or "files keep the house rules")
sys.exit(1 if found else 0)
