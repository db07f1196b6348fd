"""Storage accounts and their containers: folders under one root.

    {root}/{account}/{container}/…        the blobs, as plain files
    {root}/{account}/.azurine/keys.json   the two account keys, made with the account, readable by the owner only
    {root}/{account}/.azurine/…           what files cannot say themselves: properties, staged uploads and blocks

A folder that somebody made by hand is an account or a container as soon as its name is valid. Deleting a container is a
rename into `.azurine/trash`, so it is gone at once and whole, however large it is.
"""

import base64
import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from azurine.model import clock, errors
from azurine.storage import naming, writing

HOUSE = ".azurine"


@dataclass(frozen=True, slots=True)
class Container:
    name: str
    etag: str
    modified_at: float
    metadata: Mapping[str, str] = field(default_factory=dict)


class Accounts:
    """root: the folder of all accounts, such as `home/storage`. Nothing is read or made before it is asked for."""

    def __init__(self, root: Path, now: clock.Clock = clock.system) -> None:
        self.root = root
        self.now = now

    def create(self, account: str) -> None:
        """Makes the account and its keys. Doing it again changes nothing."""
        house = self.root / naming.account(account) / HOUSE
        house.mkdir(parents=True, exist_ok=True)
        if not isinstance(writing.read_json(house / "keys.json"), dict):
            keys = {name: base64.b64encode(secrets.token_bytes(64)).decode() for name in ("key1", "key2")}
            writing.write_json(house / "keys.json", keys, mode=0o600)

    def exists(self, account: str) -> bool:
        return naming.is_account(account) and (self.root / account / HOUSE / "keys.json").is_file()

    def names(self) -> list[str]:
        if not self.root.is_dir():
            return []
        return sorted(entry.name for entry in self.root.iterdir() if self.exists(entry.name))

    def keys(self, account: str) -> tuple[str, str]:
        """Both keys, in base64 as Azure shows them."""
        found = writing.read_json(self.house(account) / "keys.json")
        return str(found["key1"]), str(found["key2"])

    def house(self, account: str) -> Path:
        """The folder of what files cannot say themselves."""
        if not self.exists(account):
            raise errors.Missing(f"There is no storage account {account!r} here.", code="ResourceNotFound")
        return self.root / account / HOUSE

    def create_container(self, account: str, container: str, metadata: Mapping[str, str] | None = None) -> Container:
        folder = self._folder(account, container)
        with writing.saying(container):
            try:
                folder.mkdir()
            except FileExistsError as error:
                raise errors.Conflict(f"The container {container!r} exists already.", code="ContainerAlreadyExists") from error
        writing.sync_folder(folder.parent)
        return self.describe(account, container, metadata or {})

    def ensure_container(self, account: str, container: str) -> None:
        if not self.has_container(account, container):
            try:
                self.create_container(account, container)
            except errors.Conflict:
                return  # somebody else was faster

    def delete_container(self, account: str, container: str) -> None:
        folder = self.container_folder(account, container)
        house = self.house(account)
        trash = house / "trash" / secrets.token_hex(12)
        trash.mkdir(parents=True)
        with writing.saying(container):
            if folder.is_symlink():
                folder.unlink()  # somebody's own folder, lent to the account: only the link is ours
            else:
                os.replace(folder, trash / "blobs")
            for kind in ("properties", "blocks"):
                if (house / kind / container).is_dir():
                    os.replace(house / kind / container, trash / kind)
            (house / "containers" / f"{container}.json").unlink(missing_ok=True)
        shutil.rmtree(trash, ignore_errors=True)

    def has_container(self, account: str, container: str) -> bool:
        return self._folder(account, container).is_dir()

    def container_folder(self, account: str, container: str) -> Path:
        folder = self._folder(account, container)
        if not folder.is_dir():
            raise errors.Missing(f"The container {container!r} does not exist in the account {account!r}.", code="ContainerNotFound")
        return folder

    def containers(self, account: str, prefix: str = "") -> list[str]:
        """All names in order. Containers are few: each is a folder that somebody made on purpose."""
        self.house(account)
        with os.scandir(self.root / account) as entries:
            return sorted(entry.name for entry in entries if entry.name.startswith(prefix) and entry.is_dir() and _is_container(entry.name))

    def container(self, account: str, container: str) -> Container:
        folder = self.container_folder(account, container)
        known = writing.read_json(self.house(account) / "containers" / f"{container}.json")
        if isinstance(known, dict):
            return Container(container, str(known["etag"]), float(known["modified_at"]), dict(known["metadata"]))
        # A folder made by hand: its inode stays the same while its content changes, and that is what a container's ETag does.
        stat = folder.stat()
        return Container(container, f'"0x{stat.st_ino:X}"', stat.st_mtime)

    def describe(self, account: str, container: str, metadata: Mapping[str, str]) -> Container:
        """Replaces the container's metadata."""
        self.container_folder(account, container)
        described = Container(container, f'"0x{secrets.token_hex(8).upper()}"', self.now(), dict(metadata))
        known = {"etag": described.etag, "modified_at": described.modified_at, "metadata": described.metadata}
        writing.write_json(self.house(account) / "containers" / f"{container}.json", known)
        return described

    def sweep(self) -> None:
        """Forgets what a server that died left behind: uploads that never ended, deletions half done. Called before serving."""
        for account in self.names():
            for kind in ("staging", "trash"):
                shutil.rmtree(self.house(account) / kind, ignore_errors=True)

    def _folder(self, account: str, container: str) -> Path:
        self.house(account)
        return self.root / account / naming.container(container)


def _is_container(name: str) -> bool:
    try:
        naming.container(name)
    except errors.Invalid:
        return False
    return True
