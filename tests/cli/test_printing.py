import io
import json
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

import pytest
import yaml

from azurine.cli import printing
from azurine.cli.printing import Column, Format

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
JOBS = [
    {"name": "j1", "status": "Completed", "creation_context": {"created_at": "2026-11-23T11:56:59.5Z"}, "tags": {"a": "1"}},
    {"name": "j2", "status": None, "creation_context": {}, "tags": {}},
]
COLUMNS = (Column("name", "name"), Column("state", "status"), Column("created", "creation_context.created_at"))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(value: object, form: Format | None, query: str = "", columns: tuple[Column, ...] = COLUMNS, out: io.StringIO | None = None) -> str:
    out = out or io.StringIO()
    printing.show(value, form, query, columns, out, NOW)
    return out.getvalue()


def test_json_holds_everything_and_a_pipe_gets_it_unasked() -> None:
    assert json.loads(shown(JOBS, Format.JSON)) == JOBS
    assert json.loads(shown(JOBS, None)) == JOBS


def test_a_terminal_gets_a_table_with_the_chosen_columns_and_times_told_from_now() -> None:
    lines = shown(JOBS, None, out=Terminal()).splitlines()
    assert "name" in lines[0] and "state" in lines[0] and "created" in lines[0]
    assert "j1" in lines[2] and "Completed" in lines[2] and "3 min ago" in lines[2]
    assert "j2" in lines[3]


def test_a_table_in_a_pipe_is_as_wide_as_it_must_be() -> None:
    assert "x" * 300 in shown([{"name": "x" * 300}], Format.TABLE)


def test_yaml_and_tsv() -> None:
    assert yaml.safe_load(shown(JOBS, Format.YAML)) == JOBS
    assert shown(JOBS, Format.TSV) == "j1\tCompleted\t2026-11-23T11:56:59.5Z\nj2\t\t\n"
    assert shown([{"name": "a\tb\nc", "status": True}], Format.TSV) == "a b c\ttrue\t\n"


def test_none_prints_nothing_and_nothing_prints_nothing() -> None:
    assert shown(JOBS, Format.NONE) == ""
    assert shown(None, Format.JSON) == shown(None, Format.TABLE) == ""


@pytest.mark.parametrize(
    ("query", "form", "expected"),
    [
        ("[].name", Format.JSON, '[\n  "j1",\n  "j2"\n]\n'),
        ("[0].name", Format.TSV, "j1\n"),
        ("[0].name", Format.TABLE, "j1\n"),
        ("[].name", Format.TABLE, "j1\nj2\n"),
        ("[].[name, status]", Format.TSV, "j1\tCompleted\nj2\t\n"),
        ("[0].tags", Format.YAML, "a: '1'\n"),
        ("[0].nothing", Format.JSON, "null\n"),
    ],
)
def test_a_query_picks_before_anything_is_formatted(query: str, form: Format, expected: str) -> None:
    assert shown(JOBS, form, query) == expected


def test_what_a_query_picks_is_shown_with_its_own_keys() -> None:
    lines = shown(JOBS, Format.TABLE, "[].{Job: name, Done: status}").splitlines()
    assert lines[0].split() == ["Job", "Done"]


@pytest.mark.parametrize("query", ["[", "nope(@)", "sum(@)"])
def test_a_query_that_cannot_be_read_says_so(query: str) -> None:
    with pytest.raises(printing.BadQuery, match="--query"):
        shown(JOBS, Format.JSON, query)


def test_an_empty_list_is_an_empty_table_and_said_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown([], Format.TABLE) == ""
    assert capsys.readouterr().err == "nothing found\n"
    assert shown([], Format.JSON) == "[]\n"


def test_entities_times_enums_and_paths_become_plain() -> None:
    class Word(Enum):
        A = "a"

    class Entity:
        def _to_dict(self) -> dict[str, object]:
            return {"at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "word": Word.A, "path": Path("/x"), "all": (1, 2.5, None, True)}

    assert printing.plain([Entity()]) == [{"at": "2026-01-02T03:04:05Z", "word": "a", "path": "/x", "all": [1, 2.5, None, True]}]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-23T11:59:58Z", "2 s ago"),
        ("2026-11-23T12:00:02+00:00", "0 s ago"),
        ("2026-11-23T11:01:00", "59 min ago"),
        ("2026-11-23T01:00:00Z", "11 h ago"),
    ],
)
def test_times_are_told_from_now(text: str, expected: str) -> None:
    assert printing.ago(text, NOW) == expected


def test_older_times_are_told_as_local_dates() -> None:
    then = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    assert printing.ago(then.isoformat(), NOW) == then.astimezone().strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0.04, "0.0 s"), (59.9, "59.9 s"), (59.97, "1 min 0 s"), (185.0, "3 min 5 s"), (7800.0, "2 h 10 min")]
)
def test_durations(seconds: float, expected: str) -> None:
    assert printing.seconds_text(seconds) == expected
