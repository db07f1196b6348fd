"""Service principals come and go by the command line, and sign in with what was printed."""

import json
from pathlib import Path

import pytest

from azurine import cli
from azurine.identity.directory import Directory
from azurine.model import errors


def run(capsys: pytest.CaptureFixture[str], home: Path, *words: str) -> tuple[int, object, str]:
    code = cli.main(["principal", *words, "--home", str(home), "-o", "json"])
    out, err = capsys.readouterr()
    return code, json.loads(out) if out else None, err


def test_from_create_to_delete(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, made, said = run(capsys, tmp_path, "create", "--name", "nightly")
    assert code == 0 and isinstance(made, dict) and "note it now" in said
    known = Directory(tmp_path / "identity")
    assert known.sign_in(made["appId"], made["password"]).name == made["displayName"] == "nightly"

    code, listed, _ = run(capsys, tmp_path, "list")
    assert isinstance(listed, list) and [one["kind"] for one in listed] == ["owner", "service"]
    assert made["password"] not in json.dumps(listed)

    _, renewed, _ = run(capsys, tmp_path, "reset-secret", "--id", "nightly")
    assert isinstance(renewed, dict) and known.sign_in(made["appId"], renewed["password"])

    assert run(capsys, tmp_path, "delete", "--id", made["id"], "--yes")[0] == 0
    with pytest.raises(errors.Unauthenticated):
        known.sign_in(made["appId"], renewed["password"])


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["delete", "--id", "nobody", "--yes"], 3, "no principal 'nobody'"),
        (["delete", "--id", "owner", "--yes"], 1, "cannot be deleted"),
        (["delete", "--id", "owner"], 2, "--yes"),
        (["create", "--name", " "], 1, "printable"),
        (["create"], 2, "--name"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int, said: str) -> None:
    found, _, err = run(capsys, tmp_path, *words)
    assert found == code and said in err
