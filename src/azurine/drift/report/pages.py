"""The page from top to bottom: the verdict, the trend, the windows, the features of the newest window (worst first), those of the others, all numbers.

Of the windows before the newest one, features have their numbers and, the worst of them, their pictures: thirty windows of two hundred
features each would be a page that no browser likes.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from azurine.drift.report import charts, readings, sentences, tables
from azurine.drift.report.charts import Point
from azurine.drift.report.markup import Child, Html, joined, named, tag
from azurine.drift.report.readings import PERCENT, Document, Feature, Window
from azurine.drift.report.style import CSS

PICTURED = 6
"""Features of a window that is not the newest one."""
_FORBIDDING = "default-src 'none'; style-src 'unsafe-inline'"
"""Said to the browser: nothing is fetched and nothing runs, whatever is in the page."""


def page(given: Mapping[str, Any]) -> str:
    document = readings.document(given)
    newest = document.newest
    body = [
        tag("h1", sentences.title(document)),
        tag("p", sentences.verdict(document), class_=f"verdict {_mood(newest.drifted if newest is not None else None)}"),
        _facts(document),
        _trend(document),
        _windows(document),
        _features(document, newest) if newest is not None else None,
        _others(document, newest),
        _numbers(document),
        tag("footer", "Made by Azurine", f" for the run {document.run}" if document.run else "", "."),
    ]
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_FORBIDDING),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{document.monitor or 'Drift'}: {sentences.verdict(document)}"),
        tag("style", Html(CSS)),
    )
    return f"<!doctype html>\n{tag('html', head, tag('body', tag('main', *body)), lang='en')}\n"


def _facts(document: Document) -> Html:
    kind = {"DatasetMonitor": "dataset monitor", "ModelMonitor": "model monitor"}.get(document.kind, document.kind)
    facts = [
        ("monitor", f"{document.monitor}{f' ({kind})' if kind else ''}"),
        ("baseline", tables.described(document.baseline)),
        ("target", tables.described(document.target)),
        ("threshold", sentences.percent(document.threshold * PERCENT) if document.threshold is not None else "each measure has its own"),
        ("how often", document.frequency or "once"),
    ]
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", said or "–")) for name, said in facts))


def _trend(document: Document) -> Html | None:
    """By the percentage; where there is none, by how many features are beyond a threshold."""
    if len(document.windows) < 2:
        return None
    by_percentage = any(one.percentage is not None for one in document.windows)
    points = [
        Point(
            sentences.short_day(one.start),
            one.percentage if by_percentage else float(sum(feature.breached for feature in one.features)) if one.drifted is not None else None,
            one.drifted is True,
            sentences.of_window(document, one),
        )
        for one in document.windows
    ]
    threshold = document.threshold * PERCENT if by_percentage and document.threshold is not None else None
    about = "Drift, in percent, by window" if by_percentage else "Features beyond a threshold, by window"
    return joined(tag("h2", "How it went"), tag("p", about, class_="soft"), charts.trend(points, threshold, " %" if by_percentage else "", about))


def _windows(document: Document) -> Html | None:
    if not document.windows:
        return None
    measured = any(one.percentage is not None for one in document.windows)
    rows = []
    for place, one in enumerate(document.windows):
        worst = [feature for feature in one.features if feature.contribution or feature.breached]
        about = tag("a", sentences.span(document, one), href=f"#w{place}")
        percentage = [sentences.figure(one.percentage)] if measured else []
        said = one.sentence or sentences.listed(worst) or ""
        rows.append((about, sentences.figure(None if one.rows is None else float(one.rows)), *percentage, _badge(one.drifted), said))
    headings = ("window", "rows", *(["drift in percent"] if measured else []), "", "mostly by")
    return joined(tag("h2", "Windows"), tables.table(headings, rows, numbers=(1, 2) if measured else (1,)))


def _features(document: Document, window: Window) -> Html:
    place = document.windows.index(window)
    heading = tag("h2", f"What drifted, {sentences.span(document, window)}" if window.drifted else f"Features, {sentences.span(document, window)}")
    if not window.features:
        said = window.sentence or "There is no feature that both sides have."
        return tag("section", heading, tag("p", said, class_="soft"), id=f"w{place}")
    cards = [_card(one) for one in window.features]
    return tag("section", heading, _signals(window), _ranking(window), _explained(window), _legend(), *cards, id=f"w{place}")


def _others(document: Document, newest: Window | None) -> Html | None:
    rest = [(place, one) for place, one in enumerate(document.windows) if one is not newest]
    if not rest:
        return None
    parts = []
    for place, one in reversed(rest):
        summary = tag("summary", sentences.of_window(document, one))
        cards = [_legend(), *(_card(feature) for feature in one.features[:PICTURED])] if one.features else []
        parts.append(tag("details", summary, _signals(one), _ranking(one) if one.features else None, *cards, id=f"w{place}"))
    return joined(tag("h2", "Other windows"), *parts)


def _numbers(document: Document) -> Html:
    about = tag("p", "Select, copy, paste into a spreadsheet. The same stands in drift.json and measures.parquet beside this page.", class_="soft")
    return joined(
        tag("h2", "All numbers"), tag("details", tag("summary", "as text, separated by tabs"), about, tag("pre", tables.separated(document)))
    )


def _signals(window: Window) -> Html | None:
    if not window.signals:
        return None
    rows = [(named(one.name), one.type.replace("_", " "), "" if one.sentence else _breach(one.breached), one.sentence) for one in window.signals]
    return tables.table(("signal", "type", "", ""), rows)


def _ranking(window: Window) -> Html:
    """The worst first. A column in which nothing would stand is left out."""
    columns: list[tuple[str, Callable[[Feature], Child]]] = [("feature", lambda one: named(one.name)), ("role", lambda one: one.role)]
    if any(one.signal for one in window.features):
        columns.append(("signal", lambda one: named(one.signal)))
    if any(one.contribution is not None for one in window.features):
        columns.append(("part in the drift", _part))
    if any(one.importance is not None for one in window.features):
        columns.append(("importance to the model", lambda one: sentences.figure(one.importance)))
    columns += [("main measure", _main), ("", lambda one: _breach(one.breached) if one.breached else None)]
    return tables.table([name for name, _ in columns], [[cell(one) for _, cell in columns] for one in window.features])


def _part(feature: Feature) -> Child:
    if feature.contribution is None:
        return "–"
    return joined(charts.share(feature.contribution), sentences.percent(feature.contribution * PERCENT))


def _main(feature: Feature) -> str:
    main = max(feature.measures, key=lambda one: (one.breached, one.excess), default=None)
    return f"{main.name.replace('_', ' ')} {sentences.figure(main.value)}" if main is not None and main.value is not None else _why(feature)


def _explained(window: Window) -> Html | None:
    """What is otherwise taken for a mistake."""
    if not any(one.contribution for one in window.features):
        return None
    said = (
        "The drift is how well a model tells the rows of the two sides apart. A feature may have a part in it without having changed itself: "
        "the model looks at all of them together."
    )
    return tag("p", said, class_="soft note")


def _card(feature: Feature) -> Html:
    badges = [_breach(True) if feature.breached else None]
    about = " · ".join(part for part in (feature.role, feature.signal) if part)
    part = f" {sentences.percent(feature.contribution * PERCENT)} of the drift" if feature.contribution is not None else ""
    picture = (
        charts.distributions(feature.bars, f"Distributions of {feature.name}: shares of the baseline's and of the target's rows")
        if feature.bars is not None
        else tag("p", _why(feature) or "There is no picture: nothing was counted on one side.", class_="soft")
    )
    heading = tag("h3", named(feature.name), " ", tag("span", about, class_="badge"), part, " ", *badges)
    numbers = joined(tables.measures(feature), tables.profiles(feature))
    return tag("article", heading, tag("div", tag("div", picture), tag("div", numbers), class_="sides"), class_="card")


def _why(feature: Feature) -> str:
    """Why there is no number, when something was said."""
    return next((one.sentence for one in feature.measures if one.sentence), "")


def _legend() -> Html:
    sides: Sequence[str] = ("baseline", "target")
    return tag("p", *(tag("span", tag("i", class_=one), one) for one in sides), class_="legend soft")


def _breach(breached: bool) -> Html:
    return tag("span", "breached" if breached else "within", class_=f"badge {'bad' if breached else 'good'}")


def _badge(drifted: bool | None) -> Html:
    word = {True: "drift", False: "no drift", None: "no number"}[drifted]
    return tag("span", word, class_=f"badge {_mood(drifted)}")


def _mood(drifted: bool | None) -> str:
    return {True: "bad", False: "good", None: ""}[drifted]
