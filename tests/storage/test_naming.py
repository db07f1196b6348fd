"""Which names are let in."""

import pytest

from azurine.model import errors
from azurine.storage import naming


@pytest.mark.parametrize("name", ["abc", "azurine", "a23456789012345678901234"])
def test_account_names(name: str) -> None:
    assert naming.account(name) == name


@pytest.mark.parametrize("name", ["", "ab", "Azurine", "with-hyphen", "a" * 25, "../..", "a/b", ".azurine", "abc\n"])
def test_no_account_names(name: str) -> None:
    with pytest.raises(errors.Invalid, match="3 to 24") as caught:
        naming.account(name)
    assert caught.value.code == "InvalidResourceName"


@pytest.mark.parametrize("name", ["abc", "azureml-blobstore", "0-0", "a" * 63, "$root", "$web"])
def test_container_names(name: str) -> None:
    assert naming.container(name) == name


@pytest.mark.parametrize("name", ["", "ab", "-abc", "abc-", "a--b", "A23", "a" * 64, "a_b", "..", ".azurine", "$other", "abc\n"])
def test_no_container_names(name: str) -> None:
    with pytest.raises(errors.Invalid, match="3 to 63"):
        naming.container(name)


@pytest.mark.parametrize("name", ["a", "a/b/c.txt", "ü + % ä", "…", "a..b", ".hidden", "100%", "a/%20/b", "x" * 255])
def test_blob_names(name: str) -> None:
    assert "/".join(naming.blob(name)) == name


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "empty"),
        ("/etc/passwd", "begins or ends"),
        ("a//b", "two in a row"),
        ("a/", "ends with /"),
        ("..", "segment is"),
        ("a/../b", "segment is"),
        ("./a", "segment is"),
        ("%2e%2e/a", "segment is"),
        ("a/%252E%252e/b", "segment is"),
        ("..%2fa", "segment is"),
        ("..%5ca", "segment is"),
        ("a\\..\\b", "backslash"),
        ("a\0b", "control character"),
        ("a\nb", "control character"),
        ("\ud800", "not text"),
        ("x" * 256, "255 bytes"),
        ("ü" * 128, "255 bytes"),
        ("a/" * 512 + "b", "1024 is the most"),
    ],
)
def test_no_blob_names(name: str, reason: str) -> None:
    with pytest.raises(errors.Invalid, match=reason):
        naming.blob(name)
    assert not naming.is_blob(name)


@pytest.mark.parametrize(
    ("name", "code"), [("", "EmptyMetadataKey"), ("1a", "InvalidMetadata"), ("a-b", "InvalidMetadata"), ("a.b", "InvalidMetadata")]
)
def test_no_metadata_names(name: str, code: str) -> None:
    with pytest.raises(errors.Invalid) as caught:
        naming.metadata(name)
    assert caught.value.code == code
