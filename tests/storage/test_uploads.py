"""A process may be killed at any moment of an upload: no blob is ever half there."""

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from azurine.model import errors
from azurine.storage.accounts import Accounts
from azurine.storage.files import Files
from azurine.storage.uploads import PIECE, copy_range
from azurine.storage.urls import Location

BLOB = Location("azurine", "data", "folder/blob")

WRITER = """
import hashlib, sys
from pathlib import Path
from azurine.storage.accounts import Accounts
from azurine.storage.files import Files
from azurine.storage.properties import Properties
from azurine.storage.urls import Location
files = Files(Accounts(Path(sys.argv[1])))
blob = Location("azurine", "data", "folder/blob")
print("ready", flush=True)
number = 0
while True:
    content = str(number).encode() * 40_000
    files.put(blob, content, Properties(metadata={"sum": hashlib.sha256(content).hexdigest()}))
    number += 1
    if number == int(sys.argv[2]):
        print("written", flush=True)
"""

STARTER = """
import sys
from pathlib import Path
from azurine.storage.accounts import Accounts
from azurine.storage.files import Files
from azurine.storage.urls import Location
upload = Files(Accounts(Path(sys.argv[1]))).upload(Location("azurine", "data", "folder/blob"))
upload.write(b"x" * 5_000_000)
print("half", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def killed(files: Files) -> Iterator["Killed"]:
    yield Killed(files.accounts.root)


class Killed:
    def __init__(self, root: Path) -> None:
        self.root = root

    def after(self, script: str, word: str, *arguments: str) -> None:
        """Runs a script until it has printed the word, and kills it then."""
        command = [sys.executable, "-c", script, str(self.root), *arguments]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if line.strip() == word:
                    break
            process.send_signal(signal.SIGKILL)


def test_a_kill_during_an_upload_leaves_no_blob(files: Files, killed: Killed) -> None:
    killed.after(STARTER, "half")
    assert files.find(BLOB) is None
    assert os.listdir(files.accounts.root / "azurine" / "data") == []
    assert len(os.listdir(files.accounts.house("azurine") / "staging")) == 1
    Accounts(files.accounts.root).sweep()
    assert not (files.accounts.house("azurine") / "staging").exists()


@pytest.mark.parametrize("count", [1, 2, 7, 20, 45])
def test_a_kill_between_writes_leaves_one_whole_version_with_its_own_properties(files: Files, killed: Killed, count: int) -> None:
    killed.after(WRITER, "written", str(count))
    with files.open(BLOB) as reading:
        content = b"".join(reading.pieces(0, reading.blob.size))
        assert reading.blob.properties.metadata == {"sum": hashlib.sha256(content).hexdigest()}
    assert int(content[: len(content) // 40_000]) >= count - 1


def test_an_abandoned_upload_leaves_nothing(files: Files) -> None:
    upload = files.upload(BLOB)
    upload.write(b"x")
    upload.abandon()
    upload.abandon()
    assert os.listdir(files.accounts.house("azurine") / "staging") == []


def test_a_full_disk_is_said(files: Files) -> None:
    upload = files.upload(BLOB)
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, upload._descriptor)
    os.close(full)
    with pytest.raises(errors.Conflict, match="disk") as caught:
        upload.write(b"x")
    assert caught.value.code == "InsufficientStorage"
    upload.abandon()


def test_copy_range_copies_what_there_is(tmp_path: Path) -> None:
    content = os.urandom(2 * PIECE + 17)
    (tmp_path / "a").write_bytes(content)
    with (tmp_path / "a").open("rb") as source, (tmp_path / "b").open("wb") as target:
        assert copy_range(source.fileno(), 5, 10, target.fileno()) == 10
        assert copy_range(source.fileno(), PIECE, 10 * PIECE, target.fileno()) == PIECE + 17
    assert (tmp_path / "b").read_bytes() == content[5:15] + content[PIECE:]


def test_copy_range_between_what_the_system_cannot_copy(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"0123456789")
    reader, writer = os.pipe()
    with (tmp_path / "a").open("rb") as source:
        assert copy_range(source.fileno(), 2, 5, writer) == 5
    assert os.read(reader, 100) == b"23456"
    os.close(reader)
    os.close(writer)
