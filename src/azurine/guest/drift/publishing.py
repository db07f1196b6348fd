"""What a monitor's run leaves behind of its numbers: the same result document as JSON, as a Parquet file of measures, and as a page to look at.

    measures.parquet   a row for each measure of each feature of each window
    report.html        `azurine.drift.report`
    drift.json         the document; it comes last, so whoever finds it finds the other two

Each file appears whole or not at all. A number that is not finite, which a document should not have, becomes null: no run is lost by it.
"""

import json
import math
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from azurine.drift import report
from azurine.guest.drift.sources import quoted

MEASURES, PAGE, DOCUMENT = "measures.parquet", "report.html", "drift.json"
COLUMNS = {
    "monitor": "VARCHAR",
    "run": "VARCHAR",
    "window_start": "TIMESTAMPTZ",
    "window_end": "TIMESTAMPTZ",
    "feature": "VARCHAR",
    "role": "VARCHAR",
    "measure": "VARCHAR",
    "value": "DOUBLE",
    "threshold": "DOUBLE",
    "breached": "BOOLEAN",
}


def publish(document: Mapping[str, Any], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    known = _finite(document)
    _whole(folder / MEASURES, lambda path: _write_measures(known, path))
    _whole(folder / PAGE, lambda path: path.write_text(report.page(known), encoding="utf-8"))
    text = json.dumps(known, ensure_ascii=True, allow_nan=False, indent=1)
    _whole(folder / DOCUMENT, lambda path: path.write_text(text, encoding="utf-8"))


def rows(document: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """In the order of COLUMNS. The drift of a window as a whole is a measure of no feature."""
    for window in document["windows"]:
        about = (document["monitor"], document["run"], window["start"], window["end"])
        if window.get("driftPercentage") is not None:
            yield (*about, None, None, "drift_percentage", window["driftPercentage"], _percent(document.get("threshold")), window.get("hasDrift"))
        for feature in window["features"]:
            mine = (feature["name"], feature["role"])
            if feature.get("contribution") is not None:
                yield (*about, *mine, "drift_contribution", feature["contribution"], None, None)
            for one in feature["measures"]:
                yield (*about, *mine, one["name"], one.get("value"), one.get("threshold"), one.get("breached"))


def _write_measures(document: Mapping[str, Any], path: Path) -> None:
    # Here: the server, which imports this room's neighbours, needs no DuckDB for it.
    import duckdb

    columns: list[list[Any]] = [list(column) for column in zip(*rows(document), strict=True)] or [[] for _ in COLUMNS]
    chosen = ", ".join(f"unnest($c{place}::VARCHAR[])::{type_} AS {name}" for place, (name, type_) in enumerate(COLUMNS.items()))
    texts = {f"c{place}": [None if one is None else _text(one) for one in column] for place, column in enumerate(columns)}
    with duckdb.connect(config={"threads": 1}) as engine:
        engine.execute("SET TimeZone = 'UTC'")
        engine.execute(f"CREATE TEMP TABLE measures AS SELECT {chosen}", texts)
        engine.execute(f"COPY measures TO {quoted(str(path))} (FORMAT parquet, COMPRESSION zstd)")


def _text(value: Any) -> str:
    # A lone surrogate, as a damaged name may have it, cannot be written.
    return repr(value) if isinstance(value, float) else str(value).encode("utf-8", "replace").decode("utf-8")


def _percent(threshold: float | None) -> float | None:
    return None if threshold is None else 100 * threshold


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _whole(path: Path, write: Callable[[Path], object]) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
