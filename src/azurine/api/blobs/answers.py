"""What an answer says of a blob or a container: headers, and the elements of a list."""

from collections.abc import Iterable
from email.utils import formatdate
from xml.sax.saxutils import escape

from starlette.responses import Response

from azurine.storage import properties
from azurine.storage.accounts import Container
from azurine.storage.files import Blob

LEASE = {"x-ms-lease-status": "unlocked", "x-ms-lease-state": "available"}


def time(seconds: float) -> str:
    return formatdate(seconds, usegmt=True)


def empty(status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(status_code=status, headers=headers)


def xml(body: str, headers: dict[str, str] | None = None) -> Response:
    return Response(f'<?xml version="1.0" encoding="utf-8"?>{body}'.encode(), headers=headers, media_type="application/xml")


def changed(blob: Blob) -> dict[str, str]:
    """What every change answers."""
    return {"etag": blob.properties.etag, "last-modified": time(blob.properties.modified_at), "x-ms-request-server-encrypted": "true"}


def described(blob: Blob) -> dict[str, str]:
    """All that HEAD and GET say, but for length and range."""
    known = blob.properties
    headers = {
        "etag": known.etag,
        "last-modified": time(known.modified_at),
        "x-ms-creation-time": time(known.created_at),
        "x-ms-blob-type": known.kind,
        "x-ms-server-encrypted": "true",
        "x-ms-access-tier": "Hot",
        "x-ms-access-tier-inferred": "true",
        "accept-ranges": "bytes",
        "content-type": known.content_type or properties.DEFAULT_TYPE,
        **LEASE,
    }
    wished = {
        "content-encoding": known.content_encoding,
        "content-language": known.content_language,
        "content-disposition": known.content_disposition,
        "cache-control": known.cache_control,
        "x-ms-copy-id": known.copied.get("id", ""),
        "x-ms-copy-source": known.copied.get("source", ""),
        "x-ms-copy-completion-time": known.copied.get("completed", ""),
        "x-ms-copy-status": "success" if known.copied else "",
        "x-ms-copy-progress": f"{blob.size}/{blob.size}" if known.copied else "",
        "x-ms-blob-committed-block-count": committed(blob) if known.kind == properties.APPEND else "",
    }
    return headers | {name: value for name, value in wished.items() if value} | metadata(known.metadata.items())


def committed(blob: Blob) -> str:
    return blob.properties.blocks[0][0] if blob.properties.blocks else "0"


def metadata(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {f"x-ms-meta-{name}": value for name, value in pairs}


def container(found: Container) -> dict[str, str]:
    headers = {"etag": found.etag, "last-modified": time(found.modified_at), "x-ms-has-immutability-policy": "false", "x-ms-has-legal-hold": "false"}
    return headers | LEASE | metadata(found.metadata.items())


def container_element(found: Container, *, with_metadata: bool) -> str:
    about = _elements([("Last-Modified", time(found.modified_at)), ("Etag", found.etag.strip('"')), *_LEASE_ELEMENTS])
    return (
        f"<Container><Name>{escape(found.name)}</Name><Properties>{about}</Properties>{_metadata(found.metadata.items(), with_metadata)}</Container>"
    )


def blob_element(blob: Blob, *, with_metadata: bool) -> str:
    known = blob.properties
    about = _elements(
        [
            ("Creation-Time", time(known.created_at)),
            ("Last-Modified", time(known.modified_at)),
            ("Etag", known.etag.strip('"')),
            ("Content-Length", str(blob.size)),
            ("Content-Type", known.content_type or properties.DEFAULT_TYPE),
            ("Content-Encoding", known.content_encoding),
            ("Content-Language", known.content_language),
            ("Content-MD5", known.content_md5),
            ("Cache-Control", known.cache_control),
            ("Content-Disposition", known.content_disposition),
            ("BlobType", known.kind),
            ("AccessTier", "Hot"),
            ("AccessTierInferred", "true"),
            *_LEASE_ELEMENTS,
            ("ServerEncrypted", "true"),
        ]
    )
    name = escape(blob.location.path)
    return f"<Blob><Name>{name}</Name><Properties>{about}</Properties>{_metadata(known.metadata.items(), with_metadata)}<OrMetadata /></Blob>"


def prefix_element(name: str) -> str:
    return f"<BlobPrefix><Name>{escape(name)}</Name></BlobPrefix>"


def element(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>"


def attribute(text: str) -> str:
    return escape(text, {'"': "&quot;"})


_LEASE_ELEMENTS = (("LeaseStatus", "unlocked"), ("LeaseState", "available"))


def _elements(pairs: Iterable[tuple[str, str]]) -> str:
    return "".join(f"<{name}>{escape(text)}</{name}>" if text else f"<{name} />" for name, text in pairs)


def _metadata(pairs: Iterable[tuple[str, str]], wanted: bool) -> str:
    return f"<Metadata>{_elements(pairs)}</Metadata>" if wanted else ""
