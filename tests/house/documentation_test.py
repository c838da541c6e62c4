"""Every configuration key, rejection reason, error code and metric of the source is documented, and nothing else is."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SRC = [p for p in (ROOT / "src").rglob("*.[ch]pp") if not p.stem.endswith(("_test", "_fuzz", "_bench"))]
TEXT = {p: p.read_text() for p in SRC}
found = []


def rows(document):
    """First cells of a table's rows, without backticks."""
    text = (ROOT / document).read_text()
    return set(re.findall(r"^\| `([^`]+)`", text, re.MULTILINE))


# Rejections: the enum in ingest against docs/errors.md.
enum = re.search(r"enum class Rejection[^{]*\{(.*?)\}", "\n".join(TEXT.values()), re.DOTALL)
reasons = set(re.findall(r"^\s*(\w+),", enum[1], re.MULTILINE)) - {"count_"}
documented = rows("docs/errors.md")
found += [f"docs/errors.md: no row for the rejection `{r}`" for r in sorted(reasons - documented)]

# Error codes: ErrorCode, and codes written out where an error_response is made.
codes = set(re.findall(r'return "(\w+)"', (ROOT / "src/base/result.cpp").read_text())) - {"unknown"}
for path, text in TEXT.items():
    codes |= set(re.findall(r'error_response\(\s*\d+\s*,\s*"(\w+)"', text))
found += [f"docs/errors.md: no row for the error code `{c}`" for c in sorted(codes - documented)]

# Metrics: a name and a help sentence that ends in a full stop, each in docs/metrics.md.
named = {}
for path, text in TEXT.items():
    for name, literals in re.findall(r'"(millrace_\w+)",\s*((?:"(?:[^"\\]|\\.)*"\s*)+)', text):
        help_text = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', literals))
        named[name] = help_text
        if not help_text.endswith("."):
            found.append(f"{path.relative_to(ROOT)}: metric {name} needs a help sentence")
if not named:
    found.append("no metric found: this test reads nothing")
in_docs = rows("docs/metrics.md")
found += [f"docs/metrics.md: no row for `{m}`" for m in sorted(set(named) - in_docs)]
found += [f"docs/metrics.md: `{m}` is in no source" for m in sorted(in_docs - set(named))]

print("\n".join(found) or "documentation is complete")
sys.exit(1 if found else 0)
