"""Secrets by name: from the file, of one Key Vault or of any, from the environment, or nowhere."""

from pathlib import Path

import pytest

from azurine.model import errors
from azurine.outbound.vault import Vault


def vault(tmp_path: Path, text: str | None, **variables: str) -> Vault:
    if text is not None:
        (tmp_path / "secrets.yaml").write_text(text)
    return Vault(tmp_path / "secrets.yaml", lambda name: variables.get(name, ""))


@pytest.mark.parametrize(
    ("text", "variables", "asked", "found"),
    [
        ("api-key: a", {}, ("api-key", ""), "a"),
        ("api-key: a", {}, ("api-key", "kv"), "a"),
        ("api-key: a\nkv/api-key: b", {}, ("api-key", "kv"), "b"),
        (None, {"AZURINE_SECRET_API_KEY": "c"}, ("api-key", ""), "c"),
        (None, {"AZURINE_SECRET_KV_API_KEY": "d", "AZURINE_SECRET_API_KEY": "c"}, ("api-key", "kv"), "d"),
        ("number: 12", {}, ("number", ""), "12"),
    ],
)
def test_found(tmp_path: Path, text: str | None, variables: dict[str, str], asked: tuple[str, str], found: str) -> None:
    assert vault(tmp_path, text, **variables).secret(*asked) == found


@pytest.mark.parametrize("text", [None, "", "other: x", "- a", "a: [b", "\x00"])
def test_not_found_says_where_it_was_looked_for_and_quotes_nothing(tmp_path: Path, text: str | None) -> None:
    with pytest.raises(errors.AzurineError, match=r"secrets\.yaml") as caught:
        vault(tmp_path, text).secret("api-key", "kv")
    assert "[b" not in caught.value.message
