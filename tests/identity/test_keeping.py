"""Files are written whole or not at all, and private from the first moment."""

import stat
from pathlib import Path

import pytest

from azurine.identity import keeping
from azurine.model import errors


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    keeping.write(path, b"one")
    keeping.write(path, b"two")
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_leaves_the_old_content_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret"
    keeping.write(path, b"one")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keeping.os, "fsync", full)
    with pytest.raises(errors.Temporary, match="No space left on device"):
        keeping.write(path, b"two")
    assert path.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_made_or_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(errors.Invalid, match="cannot be made"):
        keeping.folder(tmp_path / "file" / "below")
    with pytest.raises(errors.Invalid, match="cannot be read"):
        keeping.read(tmp_path)
    assert keeping.read(tmp_path / "nothing") is None
