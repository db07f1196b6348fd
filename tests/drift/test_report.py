"""The page of a result: what it says, in which order, and that nothing in a document can break it or make it speak to anybody."""

import re
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest

from azurine.drift import report
from azurine.drift.report import readings, sentences
from drift_documents import HOSTILE, document, feature, window

AGE, BMI, CALM = feature("Age", 0.3), feature("BMI", 0.7), feature("Calm", 0.0)
WEEKS = document(window(1, 4.2, CALM), window(8, None, sentence="not enough rows"), window(15, 74.25, AGE, CALM, BMI))


class Reader(HTMLParser):
    """Sees that every tag is closed in order; keeps the text, the tags and their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text += f"{data}\n"


def read(given: dict[str, Any]) -> Reader:
    return Reader(report.page(given))


def test_it_begins_with_the_verdict_on_the_newest_window_that_has_a_number() -> None:
    page = read(WEEKS)
    said = "Drift in the week from 15 March 2026: 74.2 %, over the threshold of 20 %. Mostly by BMI (70 %) and Age (30 %). Of 2 weeks 1 drifted."
    assert f"{said} Of 1 more it cannot be said." in page.text
    assert "15 – 21 March 2026" in page.text and "not enough rows" in page.text


VERDICTS = [
    (document(), "There was no window to look at."),
    (document(window(1, None, sentence="not enough rows.")), "It cannot be said whether there is drift: not enough rows."),
    (document(window(1, 4.2, CALM)), "No drift in the week from 1 March 2026: 4.2 %, the threshold is 20 %."),
    (document(window(1, 0.0)), "No drift in the week from 1 March 2026: 0 %, the threshold is 20 %."),
    (document(window(1, 50.0), frequency=None), "Drift in the window from 1 March 2026: 50 %, over the threshold of 20 %."),
    (
        document(window(1, None, feature("A", value=3.0, threshold=0.1), feature("B", threshold=2.0), hasDrift=True), threshold=None),
        "Drift in the week from 1 March 2026: 1 of 2 features beyond a threshold, A.",
    ),
    (
        document(window(1, None, feature("B", threshold=2.0), hasDrift=False), threshold=None),
        "No drift in the week from 1 March 2026: no feature is beyond a threshold.",
    ),
]


@pytest.mark.parametrize(("given", "verdict"), VERDICTS, ids=[str(place) for place in range(len(VERDICTS))])
def test_verdicts(given: dict[str, Any], verdict: str) -> None:
    assert sentences.verdict(readings.document(given)) == verdict
    assert verdict in read(given).text


def test_the_worst_features_come_first() -> None:
    breached = feature("Over", 0.1, value=3.0, threshold=0.1)
    read_again = readings.document(document(window(1, 50.0, CALM, AGE, breached, BMI))).windows[0]
    assert [one.name for one in read_again.features] == ["Over", "BMI", "Age", "Calm"]


def test_p_values_are_worse_the_smaller_they_are() -> None:
    def tested(name: str, value: float) -> dict[str, Any]:
        one = {"name": "two_sample_kolmogorov_smirnov_test", "value": value, "threshold": 0.05, "breached": value < 0.05, "sentence": None}
        return feature(name, measures=[one])

    found = readings.document(document(window(1, None, tested("a", 0.04), tested("b", 0.0001), tested("c", 0.5), tested("d", 0.0)))).windows[0]
    assert [one.name for one in found.features] == ["d", "b", "a", "c"]


def test_of_a_model_monitor_features_have_an_importance_and_a_signal_and_no_part_in_the_drift() -> None:
    signals = [{"name": "inputs", "type": "data_drift", "breached": True}, {"name": "outputs", "type": "x", "breached": False, "sentence": "no rows"}]
    one = feature("Age", 0.25, value=3.0, threshold=0.1, signal="inputs")
    target = {"name": "azureml://datastores/d/paths/collected/", "version": None}
    page = read(document(window(1, None, one, hasDrift=True, signals=signals), kind="ModelMonitor", threshold=None, target=target))
    assert all(said in page.text for said in ("importance to the model", "inputs", "data drift", "no rows", "each measure has its own"))
    assert "of the drift" not in page.text and "part in the drift" not in page.text
    assert "Drift of collected from then, version 1" in page.text


def test_trend_and_threshold_are_drawn_and_a_window_without_a_number_is_a_gap() -> None:
    page = report.page(WEEKS)
    picture = re.search(r'<svg[^>]*aria-label="Drift, in percent, by window".*?</svg>', page, re.S)
    assert picture is not None
    drawn = ElementTree.fromstring(picture[0])
    classes = [one.get("class") for one in drawn.iter()]
    assert (classes.count("over"), classes.count("under"), classes.count("threshold"), classes.count("course"), classes.count("none")) == (
        1,
        1,
        1,
        0,
        1,
    )
    assert "threshold 20 %" in "".join(drawn.itertext())


def test_without_percentages_the_trend_is_of_whole_features() -> None:
    breached = feature("Age", value=3.0, threshold=0.1)
    page = report.page(document(window(1, None, breached, hasDrift=True), window(8, None, CALM, hasDrift=False), threshold=None))
    picture = re.search(r'<svg[^>]*aria-label="Features beyond a threshold, by window".*?</svg>', page, re.S)
    assert picture is not None and "drift in percent" not in page
    said = [one.text for one in ElementTree.fromstring(picture[0]).iter("text")]
    assert said == ["0", "1", "2", "1 Mar", "8 Mar", "1", "0"]


def test_both_distributions_are_drawn_as_shares_of_their_own_side() -> None:
    page = report.page(document(window(1, 50.0, BMI)))
    picture = re.search(r'<svg[^>]*aria-label="Distributions of BMI.*?</svg>', page, re.S)
    assert picture is not None
    drawn = ElementTree.fromstring(picture[0])
    assert [one.text for one in drawn.iter("title")][1:] == [
        "[0, 4): baseline 50.2 %, target 10 %",
        "[4, 8): baseline 49.8 %, target 40 %",
        "[8, 12]: baseline 0 %, target 50 %",
    ]
    sides = [one.get("class") for one in drawn.iter("rect")]
    assert sides == ["baseline", "target"] * 3


def test_many_categories_are_drawn_by_the_most_frequent_and_the_others_together() -> None:
    counts = [100 - place for place in range(40)]
    bars = {"categories": [f"c{place}" for place in range(40)], "baseline": counts, "target": counts[::-1]}
    page = read(document(window(1, 50.0, feature("City", 1.0, role="categorical", histogram=bars))))
    assert "c5: baseline" in page.text and "c34: baseline" in page.text and "c6: baseline" not in page.text and "others: baseline" in page.text


def test_categories_that_are_numbers_come_in_their_order_and_what_was_counted_together_stays_so() -> None:
    bars = {"categories": ["10", "9", "(others)", "-1"], "baseline": [50, 20, 20, 10], "target": [1, 1, 1, 1]}
    picture = re.search(
        r'<svg[^>]*aria-label="Distributions of Age.*?</svg>', report.page(document(window(1, 50.0, feature("Age", histogram=bars)))), re.S
    )
    assert picture is not None
    assert [str(one.text).split(":")[0] for one in ElementTree.fromstring(picture[0]).iter("title")][1:] == ["-1", "9", "10", "others"]


def test_numbers_can_be_copied_into_cells() -> None:
    page = report.page(document(window(1, 74.25, feature("B\tM\nI", 0.25, value=1 / 3))))
    pre = re.search(r"<pre>(.*?)</pre>", page, re.S)
    assert pre is not None
    heading, row = (line.split("\t") for line in pre[1].splitlines())
    assert dict(zip(heading, row, strict=True)) == {
        "window_start": "2026-03-01T00:00:00Z",
        "window_end": "2026-03-08T00:00:00Z",
        "drift_percentage": "74.25",
        "feature": "B M I",
        "role": "numerical",
        "contribution": "0.25",
        "measure": "wasserstein_distance",
        "value": "0.3333333333333333",
        "threshold": "",
        "breached": "false",
    }


def test_nothing_is_fetched_and_nothing_runs() -> None:
    page = read(WEEKS)
    assert not {"script", "link", "img", "iframe", "object", "form", "base"} & set(page.tags)
    addresses = [value for name, value in page.attributes if name in ("href", "src", "action", "data") or "url(" in value or "//" in value]
    assert all(one.startswith("#") for one in addresses), addresses
    assert "default-src 'none'" in dict(page.attributes)["content"] or ("content", "default-src 'none'; style-src 'unsafe-inline'") in page.attributes


def test_names_are_only_ever_text() -> None:
    bars = {"categories": [HOSTILE, "b"], "baseline": [1, 2], "target": [2, 1]}
    hostile = feature(HOSTILE, 0.5, role=HOSTILE, signal=HOSTILE, histogram=bars)
    hostile["measures"] = [{"name": HOSTILE, "value": None, "sentence": HOSTILE}]
    signals = [{"name": HOSTILE, "type": HOSTILE, "breached": True}]
    given = document(
        window(1, 50.0, hostile, sentence=HOSTILE, signals=signals),
        window(8, 60.0, hostile),
        monitor=HOSTILE,
        run=HOSTILE,
        kind=HOSTILE,
        frequency=HOSTILE,
        baseline={"name": HOSTILE, "version": HOSTILE},
    )
    page = read(given)
    assert "script" not in page.tags and "\x00" not in report.page(given)
    assert '"><script>alert(1)</script>' in page.text
    report.page(given).encode("utf-8")


ODD: list[dict[str, Any]] = [
    {},
    {"windows": 7, "threshold": "much", "baseline": []},
    {"windows": [{}, None, 3]},
    document(window(1, float("nan"), feature("A", float("inf"), value=float("nan")))),
    document(window(1, 50.0, feature("A", histogram={"edges": [1, 1], "baseline": [5], "target": [5]}))),
    document(window(1, 50.0, feature("A", histogram={"edges": [3, 2, 1], "baseline": [5, 5], "target": [5]}))),
    document(window(1, 50.0, feature("A", histogram={"edges": [0, 1, 2], "baseline": [0, 0], "target": [-1, "x"]}))),
    document(window(1, 50.0, feature("A", histogram={"categories": [None], "baseline": [10**400], "target": [1]}, measures=[{}, 3]))),
    document(window(1, 50.0, {"name": None, "measures": None, "baseline": {"rows": True}}), window(8, 1e-300)),
    document(window(1, 50.0, start="yesterday", end=""), window(8, 50.0, start="2026-03-01T10:30:00+05:00", end="2026-03-01T12:00:00")),
]


@pytest.mark.parametrize("given", ODD, ids=[str(place) for place in range(len(ODD))])
def test_whatever_is_missing_or_odd_there_is_a_page(given: dict[str, Any]) -> None:
    page = read(given)
    assert not re.search(r"\b(nan|inf|None)\b", page.text)


def test_the_same_document_is_the_same_page() -> None:
    assert report.page(WEEKS) == report.page(WEEKS)


SPANS = [
    ("2026-03-01", "2026-03-08", "1 – 7 March 2026"),
    ("2026-03-01", "2026-03-02", "1 March 2026"),
    ("2026-03-30T00:00:00Z", "2026-04-06T00:00:00Z", "30 March – 5 April 2026"),
    ("2025-12-29", "2026-01-05", "29 December 2025 – 4 January 2026"),
    ("2026-03-01T10:00:00", "2026-03-01T11:30:00", "2026-03-01 10:00 – 2026-03-01 11:30"),
    ("2026-03-01T02:00:00+02:00", "2026-03-02T00:00:00Z", "1 March 2026"),
    ("once", "later", "once – later"),
]


@pytest.mark.parametrize(("start", "end", "said"), SPANS)
def test_spans(start: str, end: str, said: str) -> None:
    read_again = readings.document(document(window(1, 1.0, start=start, end=end)))
    assert sentences.span(read_again, read_again.windows[0]) == said
