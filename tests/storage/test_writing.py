"""Small files of ours, and the system's refusals in our words."""

import errno
import os
from pathlib import Path

import pytest

from azurine.model import errors
from azurine.storage import writing


def test_json_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "one.json"
    assert writing.read_json(target) is None
    writing.write_json(target, {"a": 1})
    with pytest.raises(TypeError):
        writing.write_json(target, {"a": object()})
    assert writing.read_json(target) == {"a": 1}
    assert os.listdir(target.parent) == ["one.json"]
    target.write_text('{"a":')
    assert writing.read_json(target) is None


@pytest.mark.parametrize(
    ("number", "kind", "code"),
    [
        (errno.ENOSPC, errors.Conflict, "InsufficientStorage"),
        (errno.EDQUOT, errors.Conflict, "InsufficientStorage"),
        (errno.ENOTDIR, errors.Conflict, "ResourceTypeMismatch"),
        (errno.ENAMETOOLONG, errors.Invalid, "InvalidResourceName"),
        (errno.EACCES, errors.Denied, "AuthorizationPermissionMismatch"),
        (errno.EROFS, errors.Denied, "AuthorizationPermissionMismatch"),
        (errno.ELOOP, errors.Denied, "AuthorizationPermissionMismatch"),
        (errno.EIO, errors.Temporary, "ServerBusy"),
    ],
)
def test_refusals(number: int, kind: type[errors.AzurineError], code: str) -> None:
    with pytest.raises(kind, match="a/b") as caught, writing.saying("a/b"):
        raise OSError(number, os.strerror(number))
    assert caught.value.code == code
