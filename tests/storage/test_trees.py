"""Whole folders."""

import os
from pathlib import Path

import pytest

from azurine.model import errors
from azurine.storage import trees
from azurine.storage.files import Files
from azurine.storage.urls import Location

DATA = Location("azurine", "data")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    (folder / "deep" / "er" / "b.txt").write_text("b")
    (folder / "run.sh").write_text("#!/bin/sh")
    (folder / "run.sh").chmod(0o755)
    return folder


def test_copying_in_and_out(files: Files, source: Path, tmp_path: Path) -> None:
    assert trees.copy_tree(files, source, DATA.child("in/here")) == 3
    assert files.stat(DATA.child("in/here/deep/er/b.txt")).size == 1
    assert trees.copy_tree(files, DATA.child("in/here"), tmp_path / "out") == 3
    assert (tmp_path / "out" / "deep" / "er" / "b.txt").read_text() == "b"
    assert os.access(tmp_path / "out" / "run.sh", os.X_OK)
    assert trees.copy_tree(files, DATA.child("in/here/a.txt"), tmp_path / "one" / "a.txt") == 1
    assert (tmp_path / "one" / "a.txt").read_text() == "a"
    assert os.listdir(files.accounts.house("azurine") / "staging") == []


def test_what_else_lies_at_the_target_stays(files: Files, source: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("kept")
    (tmp_path / "out" / "a.txt").write_text("old")
    trees.copy_tree(files, source, tmp_path / "out")
    assert (tmp_path / "out" / "mine").read_text() == "kept"
    assert (tmp_path / "out" / "a.txt").read_text() == "a"


def test_links_are_followed_only_inside(files: Files, source: Path, tmp_path: Path) -> None:
    (source / "link").symlink_to(source / "deep")
    (source / "circle").symlink_to(source)
    assert trees.copy_tree(files, source, tmp_path / "out") == 4
    assert (tmp_path / "out" / "link" / "er" / "b.txt").read_text() == "b"
    (tmp_path / "secret").write_text("x")
    (source / "leak").symlink_to(tmp_path / "secret")
    with pytest.raises(errors.Denied, match="leak"):
        trees.copy_tree(files, source, tmp_path / "out2")


def test_mistakes(files: Files, source: Path, tmp_path: Path) -> None:
    with pytest.raises(errors.Missing, match="nothing at"):
        trees.copy_tree(files, tmp_path / "no", tmp_path / "out")
    with pytest.raises(errors.Missing):
        trees.digest(files, DATA.child("no"))
    with pytest.raises(errors.Invalid, match="itself"):
        trees.copy_tree(files, source, source / "deep")
    with pytest.raises(errors.Invalid):
        trees.copy_tree(files, source, DATA.child("../out"))


def test_the_digest_is_of_names_and_contents_only(files: Files, source: Path) -> None:
    first = trees.digest(files, source)
    trees.copy_tree(files, source, DATA.child("copy"))
    assert trees.digest(files, DATA.child("copy")) == first
    os.utime(source / "a.txt", (1, 1))
    (source / "empty").mkdir()
    assert trees.digest(files, source) == first
    (source / "a.txt").write_text("A")
    second = trees.digest(files, source)
    (source / "a.txt").rename(source / "A.txt")
    assert len({first, second, trees.digest(files, source)}) == 3
    assert trees.digest(files, source / "A.txt") != trees.digest(files, source / "run.sh")
