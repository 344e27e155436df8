"""A stand-in for Apertium: two programs that pass on what Apertium's would, and a tool that says how to call them."""

import os
import stat
import sys

ANALYSE = r"""
import re, sys
text = sys.stdin.buffer
while True:
    message = bytearray()
    while (byte := text.read(1)) not in (b"\0", b""):
        message += byte
    if not byte:
        break
    # A unit is "New York", a word with its clitic, or a word; what is no word passes through, and so does format.
    item = r"\\.|\[[^\]]*\]|(New York|\w+?(?:'s|n't)\b|\w+|[.,])"
    line = re.sub(item, lambda m: f"^{m[1]}/{m[1]}<x>$" if m[1] else m[0], message.decode())
    sys.stdout.buffer.write(line.encode() + b"\0")
    sys.stdout.buffer.flush()
"""
REVERSE = r"""
import re, sys, time
text = sys.stdin.buffer
while True:
    message = bytearray()
    while (byte := text.read(1)) not in (b"\0", b""):
        message += byte
    if not byte:
        break
    line = message.decode()
    if "HANG" in line:
        time.sleep(60)
    if "DIE" in line:
        sys.exit(3)
    if "LOSE" in line:
        continue
    if "TWICE" in line:
        sys.stdout.buffer.write(b"\0")
    unit = r"(\[\[t:w:\d+\]\])?\^((?:\\.|[^/\\])*)/[^$]*\$"
    units = [(m[1] or "", m[2]) for m in re.finditer(unit, line)]
    units.reverse()
    turned = iter(units)
    def say(m):
        mark, word = next(turned)
        return f"{mark}{word.lower()}{'[[/]]' if mark else ''}"
    sys.stdout.buffer.write(re.sub(unit, say, line).encode() + b"\0")
    sys.stdout.buffer.flush()
"""
TOOL = '#!/bin/sh\ncat "$2"\n'


def install(folder, monkeypatch, *, reverse=REVERSE):
    """Put the tool on the path, and return the path of a mode that reverses the units of a sentence."""
    folder.mkdir(exist_ok=True)
    tool = folder / "apertium-wblank-mode"
    tool.write_text(TOOL)
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    for name, code in (("analyse", ANALYSE), ("reverse", reverse)):
        (folder / f"{name}.py").write_text(code)
    mode = folder / "xx-yy.mode"
    python = f"'{sys.executable}' -S -E"
    mode.write_text(f"{python} '{folder}/analyse.py' | apertium-wblank-attach | {python} '{folder}/reverse.py' $1 $2\n")
    return str(mode)
