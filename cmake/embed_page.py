"""Writes the page's files as a C++ table over bytes that the assembler includes: embed_page.py DIST OUT.cpp OUT.S"""
import gzip
import pathlib
import sys

TYPES = {
    ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml", ".woff2": "font/woff2", ".json": "application/json", ".png": "image/png",
    ".webmanifest": "application/manifest+json", ".txt": "text/plain; charset=utf-8", ".ico": "image/x-icon",
}

dist, cpp, asm = (pathlib.Path(arg) for arg in sys.argv[1:4])
files = sorted(p for p in dist.rglob("*") if p.is_file() and not p.name.startswith(".")) if dist.is_dir() else []
if not any(p.name == "index.html" for p in files):
    sys.exit(f"{dist} holds no page: build it first (./dev build)")

table, externs, assembly = [], [], ['.section .rodata\n']


def embed(symbol, path):
    assembly.append(f'.global {symbol}\n.balign 16\n{symbol}:\n.incbin "{path}"\n.global {symbol}_end\n{symbol}_end:\n')
    externs.append(f"extern const char {symbol}[];\nextern const char {symbol}_end[];\n")
    return f"std::string_view({symbol}, static_cast<std::size_t>({symbol}_end - {symbol}))"


for number, path in enumerate(files):
    raw = path.read_bytes()
    packed = gzip.compress(raw, 9, mtime=0)
    view = embed(f"millrace_page_{number}", path)
    small = '""'
    if len(packed) < 0.9 * len(raw):
        gz = asm.parent / f"page_{number}.gz"
        gz.write_bytes(packed)
        small = embed(f"millrace_page_{number}_gz", gz)
    name = "/" + path.relative_to(dist).as_posix()
    table.append(f'      Asset{{"{name}", "{TYPES.get(path.suffix, "application/octet-stream")}", {view}, {small}}},\n')

assembly.append('.section .note.GNU-stack,"",@progbits\n')
asm.write_text("".join(assembly))
cpp.write_text('#include "app/page.hpp"\n\n#include <array>\n\nextern "C" {\n' + "".join(externs) + "}\n\nnamespace millrace {\n\n"
               "std::span<const Asset> page_assets() {\n  static const std::array assets{\n" + "".join(table) +
               "  };\n  return assets;\n}\n\n}  // namespace millrace\n")
