"""The load: wrk, where it is installed (one thread), else `pressing.py`, which is slower and says so.

wrk is in the packages of most systems (`apt-get install wrk`).
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True, slots=True)
class Pressed:
    """count: answers. rate: a second. p50, p99: milliseconds. wrong: answers that were not 200, or none."""

    count: int
    rate: float
    p50: float
    p99: float
    wrong: int


def name() -> str:
    return "wrk -t1" if shutil.which("wrk") else "pressing.py (install wrk for numbers that can be compared)"


def press(url: str, body: bytes, connections: int, seconds: float, key: str = "") -> Pressed:
    if not shutil.which("wrk"):
        return _by_hand(url, body, connections, seconds)
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        lines = ["wrk.method = 'POST'", "wrk.headers['Content-Type'] = 'application/json'", f"wrk.body = [==[{body.decode()}]==]"]
        lines += [f"wrk.headers['Authorization'] = 'Bearer {key}'"] if key else []
        script.write("\n".join(lines))
        script.flush()
        words = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--latency", "-s", script.name, url]
        said = subprocess.run(words, capture_output=True, text=True, check=True, env=dict(os.environ)).stdout
    count = int(_found(r"(\d+) requests in", said))
    wrong = int(_found(r"Non-2xx or 3xx responses: (\d+)", said) or 0) + sum(map(int, re.findall(r"(?:connect|read|write|timeout) (\d+)", said)))
    return Pressed(count, float(_found(r"Requests/sec:\s*(\S+)", said)), _milliseconds("50", said), _milliseconds("99", said), wrong)


def _by_hand(url: str, body: bytes, connections: int, seconds: float) -> Pressed:
    parts = urlsplit(url)
    words = [sys.executable, str(Path(__file__).with_name("pressing.py")), str(parts.port), parts.path, str(connections), str(seconds)]
    said = json.loads(subprocess.run(words, input=body, capture_output=True, check=True).stdout)
    return Pressed(said["count"], said["count"] / said["seconds"], said["p50"], said["p99"], said["wrong"])


def _milliseconds(percent: str, said: str) -> float:
    found = re.search(rf"^\s+{percent}%\s+([\d.]+)(us|ms|s)$", said, re.MULTILINE)
    return float(found[1]) * _UNITS[found[2]] if found else float("nan")


def _found(pattern: str, said: str) -> str:
    found = re.search(pattern, said)
    return found[1] if found else ""
