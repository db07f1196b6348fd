"""What the page says in words: whether there is drift, when, how much, and because of what."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from azurine.drift.report.readings import PERCENT, Document, Feature, Window

NAMED = 3
"""Features that a sentence names."""
_PERIODS = {"day": "day", "week": "week", "month": "month"}


def title(document: Document) -> str:
    return f"Drift of {_called(document.target, 'the target')} from {_called(document.baseline, 'the baseline')}"


def verdict(document: Document) -> str:
    """One sentence, and a second one where there are several windows."""
    told = [one for one in document.windows if one.drifted is not None]
    if not document.windows:
        return "There was no window to look at."
    if not told:
        return f"It cannot be said whether there is drift: {document.windows[-1].sentence.rstrip('.') or 'no window has a number'}."
    first = of_window(document, told[-1])
    if len(document.windows) == 1:
        return first
    drifting = sum(one.drifted is True for one in told)
    unknown = len(document.windows) - len(told)
    rest = f" Of {unknown} more it cannot be said." if unknown else ""
    return f"{first} Of {_counted(len(told), _period(document))} {drifting or 'none'} drifted.{rest}"


def of_window(document: Document, window: Window) -> str:
    """`Drift in the week from 8 March 2026: 74.2 %, over the threshold of 20 %. Mostly by BMI (53 %) and Age (29 %).`"""
    where = f"in the {_period(document)} from {day(window.start)}"
    if window.drifted is None:
        return f"No number {where}: {window.sentence.rstrip('.') or 'it was not said why'}."
    if window.percentage is None:
        breaching = [one for one in window.features if one.breached]
        if not window.drifted:
            return f"No drift {where}: no feature is beyond a threshold."
        return f"Drift {where}: {len(breaching)} of {_counted(len(window.features), 'feature')} beyond a threshold, {listed(breaching)}."
    much, most = percent(window.percentage), "" if document.threshold is None else percent(document.threshold * PERCENT)
    if not window.drifted:
        return f"No drift {where}: {much}{f', the threshold is {most}' if most else ''}."
    main = [one for one in window.features if one.contribution]
    return f"Drift {where}: {much}{f', over the threshold of {most}' if most else ''}.{f' Mostly by {listed(main)}.' if main else ''}"


def listed(features: Sequence[Feature]) -> str:
    said = [f"{one.name} ({percent(one.contribution * PERCENT)})" if one.contribution else one.name for one in features[:NAMED]]
    if len(features) > NAMED:
        return f"{', '.join(said)} and {len(features) - NAMED} more"
    return " and ".join(part for part in (", ".join(said[:-1]), *said[-1:]) if part)


def span(document: Document, window: Window) -> str:
    """`8 – 14 March 2026`: the end of a window is the first moment after it."""
    start, end = _moment(window.start), _moment(window.end)
    if start is None or end is None or end <= start:
        return " – ".join(part for part in (window.start, window.end) if part)
    if any((one.hour, one.minute, one.second, one.microsecond) != (0, 0, 0, 0) for one in (start, end)):
        return f"{start:%Y-%m-%d %H:%M} – {end:%Y-%m-%d %H:%M}"
    last = end - timedelta(days=1)
    if last == start:
        return day(window.start)
    if (start.year, start.month) == (last.year, last.month):
        return f"{start.day} – {day(last.isoformat())}"
    return f"{start.day} {start:%B}{f' {start.year}' if start.year != last.year else ''} – {day(last.isoformat())}"


def day(text: str) -> str:
    found = _moment(text)
    return f"{found.day} {found:%B} {found.year}" if found is not None else text or "the beginning"


def short_day(text: str) -> str:
    found = _moment(text)
    return f"{found.day} {found:%b}" if found is not None else text[:10]


def percent(value: float) -> str:
    """With one digit after the point, as far as that says anything."""
    return f"{value:.3g} %" if 0 < abs(value) < 0.1 else f"{value:.1f} %".replace(".0 %", " %")


def figure(value: float | None, digits: int = 5) -> str:
    if value is None:
        return "–"
    whole = int(value) if abs(value) < 1e15 and value == int(value) else None
    return f"{whole}" if whole is not None else f"{value:.{digits}g}"


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo is not None else found


def _period(document: Document) -> str:
    return _PERIODS.get(document.frequency.lower(), "window")


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _called(side: Mapping[str, Any], otherwise: str) -> str:
    name, version = str(side.get("name") or ""), side.get("version")
    if "://" in name:  # the last part of an address says enough; the whole of it stands below
        name = name.rstrip("/").rpartition("/")[2]
    return f"{name}{f', version {version}' if version else ''}" if name else otherwise
