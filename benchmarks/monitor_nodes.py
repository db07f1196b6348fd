"""A monitor's run over two large tables of eight features and a timestamp, four windows: done by one process, and by two nodes together.

Each is a process of its own, the nodes of one run with a folder that both see; seconds are of all of it, with starting Python and its imports, CPU is that of
all threads of all. What is found must be the same to the last bit. `python benchmarks/monitor_nodes.py [rows]` prints the rows; ten million without.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from measuring import Row, table

ROWS, WEEKS, NODES = 10_000_000, 4, 2
START = datetime(2026, 3, 1, tzinfo=UTC)
WORD = "as a node"
ORDER = {
    **{"monitor": "watch", "run": "r1", "frequency": "Week", "threshold": 0.2, "features": None, "timestamp": "seen"},
    **{side: {"name": side, "version": "1", "uri": side} for side in ("baseline", "target")},
    "windows": [[(START + timedelta(weeks=week + more)).isoformat() for more in (0, 1)] for week in range(WEEKS)],
}


def measure(rows: int = ROWS) -> list[Row]:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for side, shift in (("baseline", 0), ("target", 1)):
            _written(folder / f"{side}.parquet", rows, shift)
        seconds, cpu, found = zip(*(_ran(folder, nodes) for nodes in (1, NODES)), strict=True)
    if len(set(found)) != 1:
        raise SystemExit("two nodes found something else than one")
    what = f"a monitor's run, two tables of {rows:,} rows, Parquet, {WEEKS} windows, on {NODES} nodes"
    return [Row(what, "s", [seconds[1]], [seconds[0]], "one process"), Row(f"{what}: CPU", "s", [cpu[1]], [cpu[0]], "one process")]


def _ran(folder: Path, nodes: int) -> tuple[float, float, str]:
    """Seconds, seconds of CPU, and what was found."""
    (shared := folder / f"{nodes}").mkdir()
    start, before = time.perf_counter(), os.times()
    words = [sys.executable, __file__, WORD, str(folder), str(shared), str(nodes)]
    for one in [subprocess.Popen([*words, str(share)]) for share in range(nodes)]:
        if one.wait():
            raise SystemExit("a node has failed")
    seconds, after = time.perf_counter() - start, os.times()
    [found] = {path.read_text("utf-8") for path in shared.glob("document.*")}
    return seconds, after.children_user + after.children_system - before.children_user - before.children_system, found


def _node(folder: Path, shared: Path, nodes: int, share: int) -> None:
    from azurine.guest.drift import monitoring, together
    from azurine.guest.drift.together import Question
    from azurine.guest.drift.windows import Window
    from azurine.guest.instances import Instance

    sides = [str(folder / f"{side}.parquet") for side in ("baseline", "target")]
    if nodes == 1:
        document = monitoring.run(ORDER, *sides)
    else:
        (own := shared / f"node.{share}").mkdir()
        windows = [Window(START + timedelta(weeks=week), START + timedelta(weeks=week + 1)) for week in range(WEEKS)]
        asked = Question(*sides, None, "seen", windows)
        found = together.by_many(asked, Instance(share, 1, nodes, str(own), str(shared)), lambda text: None)
        if found is None:
            return
        document = monitoring.written(ORDER, asked, found, lambda text: None)
    (shared / f"document.{share}").write_text(json.dumps(document), encoding="utf-8")


def _written(path: Path, rows: int, shift: int) -> None:
    import duckdb

    columns = {
        "Pregnancies": "(random() * 17)::INTEGER",
        "PlasmaGlucose": f"{100 + shift} + {_normal(30)}",
        "DiastolicBloodPressure": f"70 + {_normal(12)}",
        "TricepsThickness": "(random() * 80)::INTEGER",
        "SerumInsulin": "exp(4 + random() * 2)::INTEGER",
        "BMI": f"{31.5 + shift} + {_normal(9.7)}",
        "DiabetesPedigree": "random() * 2",
        "Age": "21 + (random() * 56)::INTEGER",
        "seen": f"TIMESTAMP '{START:%Y-%m-%d}' + to_seconds(place * {WEEKS * 7 * 86_400} / {rows})",
    }
    chosen = ", ".join(f"{value} AS {name}" for name, value in columns.items())
    with duckdb.connect(config={"threads": 1}) as session:
        session.execute("SELECT setseed(0.5)")
        session.execute(f"COPY (SELECT {chosen} FROM range({rows}) t(place)) TO '{path}' (FORMAT parquet)")


def _normal(width: float) -> str:
    return f"{width} * sqrt(-2 * ln(1 - random())) * cos(6.283185 * random())"


if __name__ == "__main__":
    if sys.argv[1:2] == [WORD]:
        _node(Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
    else:
        print(table(measure(*(int(word) for word in sys.argv[1:2]))))
