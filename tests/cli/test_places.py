from pathlib import Path

import pytest

from azurine.cli import places

TEXT = """\
type: pipeline
jobs:
  train:
    inputs:
      data: x
    list:
      - a
      - b: 1
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [("type", 1), ("jobs.train.inputs.data", 5), ("jobs.train.nope", 3), ("jobs.train.list.1.b", 8), ("jobs.train.list.9", 6), ("nope", None)],
)
def test_the_line_of_a_path_or_of_its_deepest_part_that_is_there(tmp_path: Path, path: str, line: int | None) -> None:
    file = tmp_path / "f.yml"
    file.write_text(TEXT)
    assert places.line_of(file, path) == line


def test_a_file_that_is_not_there_not_yaml_or_enormous_has_no_lines(tmp_path: Path) -> None:
    assert places.line_of(tmp_path / "none.yml", "a") is None
    (tmp_path / "bad.yml").write_text("a: [")
    assert places.line_of(tmp_path / "bad.yml", "a") is None
    (tmp_path / "bytes.yml").write_bytes(b"\xff\xfe\x00")
    assert places.line_of(tmp_path / "bytes.yml", "a") is None
    (tmp_path / "big.yml").write_text("a: 1\n" + "#" * places.LARGEST)
    assert places.line_of(tmp_path / "big.yml", "a") is None
