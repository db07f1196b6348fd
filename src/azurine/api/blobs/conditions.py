"""If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since: asked before a blob is read or changed.

Azure: https://learn.microsoft.com/rest/api/storageservices/specifying-conditional-headers-for-blob-service-operations
"""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from azurine.api.blobs.calls import Call
from azurine.model import errors
from azurine.storage.files import Blob, Condition


def for_reading(call: Call, blob: Blob) -> None:
    if _is_unwanted(call.headers, "", blob):
        raise errors.Stale("The blob has not changed.", code="NotModified")
    _demand(call.headers, "", blob)


def for_changing(call: Call, *, making: bool = False) -> Condition:
    """making: the call makes the blob, so `If-None-Match: *` on one that is there is a conflict, not a condition."""

    def ask(blob: Blob | None) -> None:
        if blob is not None and making and call.header("if-none-match").strip() == "*":
            raise errors.Conflict("The specified blob already exists.", code="BlobAlreadyExists")
        if blob is not None and call.only_new:
            raise errors.Denied("This SAS may make blobs (c), not replace them (w).", code="UnauthorizedBlobOverwrite")
        if blob is not None and _is_unwanted(call.headers, "", blob):
            raise _unmet()
        _demand(call.headers, "", blob)

    return ask


def for_appending(call: Call, added: int) -> Condition:
    """Also: where the block must land, and how long the blob may become."""
    general = for_changing(call)
    wanted, most = call.header("x-ms-blob-condition-appendpos"), call.header("x-ms-blob-condition-maxsize")

    def ask(blob: Blob | None) -> None:
        general(blob)
        size = blob.size if blob else 0
        if wanted and wanted != str(size):
            raise errors.Stale(f"The blob has {size} bytes, not {wanted[:30]}.", code="AppendPositionConditionNotMet")
        if most.isdecimal() and size + added > int(most):
            raise errors.Stale(f"The blob would have {size + added} bytes, more than {most[:30]}.", code="MaxBlobSizeConditionNotMet")

    return ask


def for_source(call: Call, blob: Blob) -> None:
    try:
        if _is_unwanted(call.headers, "x-ms-source-", blob):
            raise _unmet()
        _demand(call.headers, "x-ms-source-", blob)
    except errors.Stale as stale:
        raise errors.Stale("The source of the copy does not meet a condition of the request.", code="SourceConditionNotMet") from stale


def _is_unwanted(headers: Mapping[str, str], prefix: str, blob: Blob) -> bool:
    """The caller has it already (If-None-Match), or does not want it unless newer (If-Modified-Since)."""
    if tags := headers.get(f"{prefix}if-none-match", ""):
        return _any(tags, blob)
    since = _time(headers.get(f"{prefix}if-modified-since", ""))
    return since is not None and int(blob.properties.modified_at) <= since


def _demand(headers: Mapping[str, str], prefix: str, blob: Blob | None) -> None:
    tags = headers.get(f"{prefix}if-match", "")
    if tags and (blob is None or not _any(tags, blob)):
        raise _unmet()
    until = _time(headers.get(f"{prefix}if-unmodified-since", ""))
    if until is not None and (blob is None or int(blob.properties.modified_at) > until):
        raise _unmet()


def _any(tags: str, blob: Blob) -> bool:
    wanted = [tag.strip().removeprefix("W/").strip('"') for tag in tags.split(",")]
    return "*" in wanted or blob.properties.etag.strip('"') in wanted


def _time(text: str) -> float | None:
    if not text:
        return None
    try:
        return parsedate_to_datetime(text).timestamp()
    except ValueError as error:
        raise errors.Invalid(
            f"The date {text[:60]!r} is not one; right is such as Tue, 24 Nov 2026 08:00:00 GMT.", code="InvalidHeaderValue"
        ) from error


def _unmet() -> errors.Stale:
    return errors.Stale("The condition specified using HTTP conditional header(s) is not met.", code="ConditionNotMet")
