"""Compressed files, read and written as a stream. Archives (zip, tar) are read one member after the other; zip is written with one member.

https://learn.microsoft.com/azure/data-factory/supported-file-formats-and-compression-codecs
"""

import bz2
import gzip
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BufferedReader, RawIOBase
from typing import Any, BinaryIO, cast

from azurine.movement.failing import failure

EXTENSIONS = {"gzip": ".gz", "bzip2": ".bz2", "deflate": ".deflate", "zipdeflate": ".zip", "tar": ".tar", "targzip": ".tar.gz"}
ARCHIVES = ("zipdeflate", "tar", "targzip")


def codec(written: Mapping[str, Any]) -> str:
    """Of a dataset's format; "" when there is none."""
    inner = written.get("compression")
    said = written.get("compressionCodec") or (inner.get("type") if isinstance(inner, Mapping) else inner)
    name = str(said or "").lower()
    if name in ("", "none"):
        return ""
    if name not in EXTENSIONS:
        raise failure("UserErrorUnsupportedCompressionType", f"The compression '{said}' is not supported here; there are: {', '.join(EXTENSIONS)}.")
    return name


def level(written: Mapping[str, Any]) -> int:
    inner = written.get("compression")
    said = written.get("compressionLevel") or (inner.get("level") if isinstance(inner, Mapping) else "")
    return 1 if str(said).lower() == "fastest" else 6


def members(stream: BinaryIO, name: str, kind: str) -> Iterator[tuple[str, BinaryIO]]:
    """What a file holds, unpacked: itself, or the members of the archive that it is. (name, stream); a stream is read before the next is asked for."""
    if kind == "zipdeflate":
        yield from _zipped(stream)
    elif kind in ("tar", "targzip"):
        yield from _tarred(stream, kind)
    else:
        yield name.removesuffix(EXTENSIONS.get(kind, "\0")), _unpacked(stream, kind)


def _zipped(stream: BinaryIO) -> Iterator[tuple[str, BinaryIO]]:
    with zipfile.ZipFile(stream) as archive:
        for one in archive.infolist():
            if not one.is_dir():
                with archive.open(one) as member:
                    yield one.filename, cast(BinaryIO, member)


def _tarred(stream: BinaryIO, kind: str) -> Iterator[tuple[str, BinaryIO]]:
    with tarfile.open(fileobj=stream, mode="r|gz" if kind == "targzip" else "r|") as archive:
        for one in archive:
            member = archive.extractfile(one) if one.isfile() else None
            if member is not None:
                yield one.name, cast(BinaryIO, member)


def _unpacked(stream: BinaryIO, kind: str) -> BinaryIO:
    match kind:
        case "gzip":
            return cast(BinaryIO, gzip.GzipFile(fileobj=stream))
        case "bzip2":
            return cast(BinaryIO, bz2.BZ2File(stream))
        case "deflate":
            return cast(BinaryIO, BufferedReader(_Inflated(stream)))
    return stream


@contextmanager
def packing(stream: BinaryIO, kind: str, name: str, level_: int) -> Iterator[BinaryIO]:
    """What is written into it comes out of the stream compressed. name: of the member, in an archive."""
    match kind:
        case "":
            yield stream
        case "gzip":
            with gzip.GzipFile(filename="", fileobj=stream, mode="wb", compresslevel=level_, mtime=0) as packed:
                yield cast(BinaryIO, packed)
        case "bzip2":
            with bz2.BZ2File(stream, "wb") as packed_:
                yield cast(BinaryIO, packed_)
        case "deflate":
            deflating = _Deflating(stream, level_)
            yield cast(BinaryIO, deflating)
            deflating.finish()
        case "zipdeflate":
            with (
                zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=level_) as archive,
                archive.open(name.removesuffix(".zip"), "w", force_zip64=True) as member,
            ):
                yield cast(BinaryIO, member)
        case _:
            raise failure("UserErrorUnsupportedCompressionType", f"Nothing is written as {kind} here; zipDeflate or gzip would be right.")


class _Inflated(RawIOBase):
    """A stream of deflated bytes, with a zlib head or without."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._engine: Any = None
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            data = self._stream.read(1 << 16)
            if not data:
                self._left = self._engine.flush() if self._engine is not None else b""
                if not self._left:
                    return 0
                break
            if self._engine is None:
                self._engine = zlib.decompressobj(15 if data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0 else -15)
            self._left = self._engine.decompress(data)
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count


class _Deflating:
    def __init__(self, stream: BinaryIO, level_: int) -> None:
        self._stream = stream
        self._engine = zlib.compressobj(level_, zlib.DEFLATED, -15)

    def write(self, data: bytes) -> int:
        self._stream.write(self._engine.compress(data))
        return len(data)

    def finish(self) -> None:
        self._stream.write(self._engine.flush())
