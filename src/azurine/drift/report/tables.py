"""Tables of numbers, and the same numbers separated by tabs: selected and copied, they fall into the cells of a spreadsheet."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from azurine.drift.report.markup import Child, Html, tag
from azurine.drift.report.readings import Document, Feature, number
from azurine.drift.report.sentences import figure

COLUMNS = ("window_start", "window_end", "drift_percentage", "feature", "role", "contribution", "measure", "value", "threshold", "breached")
PROFILE = (
    ("rows", "rows"),
    ("missing", "missing"),
    ("wrong", "of a wrong type"),
    ("unique", "different values"),
    ("min", "least"),
    ("percentile_5", "5th percentile"),
    ("percentile_25", "25th percentile"),
    ("median", "median"),
    ("mean", "mean"),
    ("percentile_75", "75th percentile"),
    ("percentile_95", "95th percentile"),
    ("max", "greatest"),
    ("standard_deviation", "standard deviation"),
    ("skewness", "skewness"),
    ("kurtosis", "kurtosis"),
)
"""What is told of a side, and what it is called."""


def table(headings: Sequence[str], rows: Iterable[Sequence[Child]], numbers: Sequence[int] = (), caption: str = "") -> Html:
    """numbers: the columns that hold some, which stand on the right."""
    head = tag("tr", *(tag("th", one, scope="col", class_=_side(place, numbers)) for place, one in enumerate(headings)))
    body = [tag("tr", *(tag("td", cell, class_=_side(place, numbers)) for place, cell in enumerate(row))) for row in rows]
    said = tag("caption", caption) if caption else None
    return tag("div", tag("table", said, tag("thead", head), tag("tbody", *body)), class_="scroll")


def measures(feature: Feature) -> Html | None:
    rows = []
    for one in feature.measures:
        if not one.name:
            continue
        verdict = tag("span", "breached", class_="badge bad") if one.breached else one.sentence or ("within" if one.threshold is not None else "")
        rows.append((one.name.replace("_", " "), figure(one.value), figure(one.threshold), verdict))
    return table(("measure", "value", "threshold", ""), rows, numbers=(1, 2)) if rows else None


def profiles(feature: Feature) -> Html | None:
    rows = []
    for key, name in PROFILE:
        mine, other = number(feature.baseline.get(key)), number(feature.target.get(key))
        if mine is None and other is None:
            continue
        if key == "wrong" and not (mine or other):
            continue
        # How many rows more one side has says nothing about drift.
        between = other - mine if mine is not None and other is not None and key != "rows" else None
        rows.append((name, figure(mine), figure(other), f"{'+' if between and between > 0 else ''}{figure(between)}"))
    return table(("", "baseline", "target", "difference"), rows, numbers=(1, 2, 3)) if rows else None


def separated(document: Document) -> str:
    """Every measure of every feature of every window, a line each."""
    lines = ["\t".join(COLUMNS)]
    for window in document.windows:
        about = (window.start, window.end, window.percentage)
        for feature in window.features:
            mine = (feature.name, feature.role, feature.contribution)
            for one in feature.measures:
                lines.append("\t".join(map(_cell, (*about, *mine, one.name, one.value, one.threshold, one.breached))))
            if not feature.measures:
                lines.append("\t".join(map(_cell, (*about, *mine, "", None, None, ""))))
        if not window.features:
            lines.append("\t".join(map(_cell, (*about, *[""] * (len(COLUMNS) - len(about))))))
    return "\n".join(lines)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    # A tab or a new line in a name would be taken for the next cell or row.
    return repr(value) if isinstance(value, float) else " ".join(str(value).split())


def _side(place: int, numbers: Sequence[int]) -> str | None:
    return "number" if place in numbers else None


def described(side: Mapping[str, Any]) -> str:
    """`diabetes, version 1, 15000 rows`"""
    rows = number(side.get("rows"))
    words = [
        str(side.get("name") or ""),
        f"version {side['version']}" if side.get("version") else "",
        f"{int(rows)} rows" if rows is not None else "",
    ]
    return ", ".join(word for word in words if word) or "–"
