"""Secrets by name: from a file of the home, else from the environment.

    # secrets.yaml
    api-key: s3cret                  for ${api-key}, and for the secret api-key of any Key Vault
    my-vault/api-key: other          for that of the linked service my-vault alone

In the environment the same are `AZURINE_SECRET_API_KEY` and `AZURINE_SECRET_MY_VAULT_API_KEY`. The file is read each time, so that a
secret can be changed while the server runs. It is never written, and its values are never told.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from azurine.model import errors

PREFIX = "AZURINE_SECRET_"
MISSING = "SecretNotFound"
LARGEST = 4 * 1024 * 1024


class Vault:
    """file: may be missing. variable: reads one of the environment; "" when it is not set."""

    def __init__(self, file: Path, variable: Callable[[str], str]) -> None:
        self._file = file
        self._variable = variable

    def secret(self, name: str, vault: str = "") -> str:
        """Raises errors.Missing, which says where it was looked for."""
        called = [f"{vault}/{name}", name] if vault else [name]
        kept = self._kept()
        for one in called:
            if one in kept:
                return kept[one]
            if found := self._variable(variable(one)):
                return found
        where = f"the secret '{name}'" + (f" of the Key Vault '{vault}'" if vault else "")
        raise errors.Missing(f"There is no value for {where}: neither in {self._file} nor in the variable {variable(called[0])}.", code=MISSING)

    def _kept(self) -> dict[str, str]:
        # Imported here: a server without secrets needs no YAML.
        import yaml

        try:
            if self._file.stat().st_size > LARGEST:
                raise errors.Invalid(f"{self._file} is larger than {LARGEST} bytes.", code=MISSING)
            read: Any = yaml.safe_load(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, yaml.YAMLError) as problem:
            # What is wrong is not told: a parser's words may quote a secret.
            raise errors.Invalid(f"The secrets in {self._file} cannot be read ({type(problem).__name__}).", code=MISSING) from None
        if read is None:
            return {}
        if not isinstance(read, dict):
            raise errors.Invalid(f"{self._file} must hold names and values, such as `api-key: value`.", code=MISSING)
        return {str(name): str(value) for name, value in read.items() if value is not None}


def variable(name: str) -> str:
    """The variable of a secret."""
    return PREFIX + re.sub(r"[^A-Za-z0-9]", "_", name).upper()
