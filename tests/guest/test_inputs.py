"""Bringing data, and noticing when a step altered what it should not."""

import http.server
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from azurine.guest import inputs
from azurine.model.errors import Invalid, Missing, Temporary


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "a b.csv").write_text("from afar")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *given: object) -> None:
            super().__init__(*given, directory=str(tmp_path / "web"))  # type: ignore[arg-type]

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("mode", ["ro_mount", "download"])
def test_what_lies_on_the_web_is_downloaded_under_its_name(web: str, tmp_path: Path, mode: str) -> None:
    brought = inputs.bring({"d": {"type": "uri_file", "mode": mode, "uri": f"{web}/a%20b.csv"}}, tmp_path / "scratch")
    path = Path(str(brought.values["d"]))
    assert (path.name, path.read_text()) == ("a b.csv", "from afar")
    assert path.is_relative_to(tmp_path / "scratch")


def test_what_cannot_be_brought_says_why(web: str, tmp_path: Path) -> None:
    with pytest.raises(Temporary, match=r"gone\.csv cannot be downloaded"):
        inputs.bring({"d": {"type": "uri_file", "uri": f"{web}/gone.csv"}}, tmp_path)
    with pytest.raises(Invalid, match="at no place that this step can reach"):
        inputs.bring({"d": {"type": "uri_file", "uri": "azureml://datastores/x/paths/y"}}, tmp_path)
    with pytest.raises(Missing, match="there is nothing at azureml://x"):
        inputs.bring({"d": {"type": "uri_file", "path": str(tmp_path / "no"), "uri": "azureml://x"}}, tmp_path)
    with pytest.raises(Temporary, match="cannot be read"):
        inputs.bring({"d": {"type": "uri_folder", "uri": "nosuchscheme://x/y"}}, tmp_path)


def test_other_storages_are_read_through_fsspec(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "x").write_text("x")
    brought = inputs.bring({"d": {"type": "uri_folder", "mode": "download", "uri": f"file://{tmp_path}/far"}}, tmp_path / "scratch")
    assert (Path(str(brought.values["d"])) / "x").read_text() == "x"
    assert brought.readonly == []


def test_names_do_not_lead_out_of_the_scratch_folder(web: str, tmp_path: Path) -> None:
    brought = inputs.bring({"d": {"type": "uri_file", "uri": f"{web}/x/%2E%2E"}}, tmp_path / "scratch")
    assert brought.values["d"] == str(tmp_path / "scratch" / "d" / "d")


@pytest.mark.parametrize("change", ["write", "add", "remove", "rename"])
def test_an_altered_input_is_noticed(tmp_path: Path, change: str) -> None:
    folder = tmp_path / "data"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "x").write_text("x")
    for path in (folder, folder / "sub", folder / "sub" / "x"):
        os.utime(path, (1, 1))
    before = inputs.look_over([str(folder)])
    assert inputs.altered(before) == ""
    if change == "write":
        (folder / "sub" / "x").write_text("y")
    elif change == "add":
        (folder / "sub" / "new").write_text("")
    elif change == "remove":
        (folder / "sub" / "x").unlink()
    else:
        (folder / "sub").rename(folder / "other")
    assert str(folder) in inputs.altered(before)
