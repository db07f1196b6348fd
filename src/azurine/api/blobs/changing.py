"""Operations that make, change or delete a blob."""

import re
from dataclasses import replace
from xml.etree import ElementTree

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from azurine.api.blobs import answers, conditions, copying, receiving
from azurine.api.blobs.calls import Call
from azurine.model import errors
from azurine.storage import blocks, properties
from azurine.storage.files import Blob, Condition, Files
from azurine.storage.properties import Properties
from azurine.storage.uploads import Upload
from azurine.storage.urls import Location

LARGEST_METADATA = 8 << 10
_UNSAFE_XML = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)


async def put(call: Call, files: Files) -> Response:
    """Put Blob, Append Blob, Copy Blob and Put Blob From URL: one address, told apart by headers."""
    if call.header("x-ms-copy-source"):
        return await run_in_threadpool(copying.copy, call, files)
    kind = call.header("x-ms-blob-type")
    if kind not in (properties.BLOCK, properties.APPEND):
        raise _wrong_kind(kind)
    wanted = described(call, kind)
    upload = await receiving.staged(call, files)
    try:
        if kind == properties.APPEND and upload.size:
            raise errors.Invalid("An append blob is made empty; its content comes by Append Block.", code="InvalidHeaderValue")
        md5 = upload.md5()
        condition = conditions.for_changing(call, making=True)
        if wanted.metadata.get(properties.FOLDER_MARK, "").lower() == "true" and not upload.size:
            blob = await run_in_threadpool(files.mark_folder, call.location, wanted, condition)
        else:
            wanted = replace(wanted, content_md5=call.header("x-ms-blob-content-md5") or (md5 if kind == properties.BLOCK else ""))
            blob = await run_in_threadpool(_commit, files, call.location, upload, wanted, condition)
    finally:
        upload.abandon()
    return answers.empty(201, answers.changed(blob) | {"content-md5": md5})


async def put_block(call: Call, files: Files) -> Response:
    if call.header("x-ms-copy-source"):
        raise errors.Unsupported("Blocks from a URL are not spoken here.", code="NotImplemented")
    identifier = blocks.check_id(call.query.get("blockid", ""))
    upload = await receiving.staged(call, files)
    try:
        md5 = upload.md5()
        await run_in_threadpool(blocks.stage, files, call.location, identifier, upload)
    finally:
        upload.abandon()
    return answers.empty(201, {"content-md5": md5, "x-ms-request-server-encrypted": "true"})


async def put_block_list(call: Call, files: Files) -> Response:
    body = await receiving.small(call)
    wanted = _block_list(body)
    condition = conditions.for_changing(call, making=True)
    known = replace(described(call, properties.BLOCK), content_md5=call.header("x-ms-blob-content-md5"))
    blob = await run_in_threadpool(blocks.commit, files, call.location, wanted, known, condition)
    return answers.empty(201, answers.changed(blob))


async def append_block(call: Call, files: Files) -> Response:
    upload = await receiving.staged(call, files)
    try:
        if not upload.size:
            raise errors.Invalid("An appended block must not be empty.", code="InvalidHeaderValue")
        md5 = upload.md5()
        blob = await run_in_threadpool(files.append, call.location, upload, conditions.for_appending(call, upload.size))
    finally:
        upload.abandon()
    headers = {
        "content-md5": md5,
        "x-ms-blob-append-offset": str(blob.size - upload.size),
        "x-ms-blob-committed-block-count": answers.committed(blob),
    }
    return answers.empty(201, answers.changed(blob) | headers)


def set_metadata(call: Call, files: Files) -> Response:
    metadata = _metadata(call)
    blob = files.describe(call.location, lambda found: replace(found.properties, metadata=metadata), conditions.for_changing(call))
    return answers.empty(200, answers.changed(blob))


def set_properties(call: Call, files: Files) -> Response:
    """parity: what the request does not say is cleared, not kept."""
    wanted = described(call, properties.BLOCK, own=False)

    def change(found: Blob) -> Properties:
        return replace(
            found.properties,
            content_type=wanted.content_type,
            content_encoding=wanted.content_encoding,
            content_language=wanted.content_language,
            content_disposition=wanted.content_disposition,
            cache_control=wanted.cache_control,
            content_md5=call.header("x-ms-blob-content-md5"),
        )

    return answers.empty(200, answers.changed(files.describe(call.location, change, conditions.for_changing(call))))


def delete(call: Call, files: Files) -> Response:
    files.delete(call.location, conditions.for_changing(call))
    return answers.empty(202, {"x-ms-delete-type-permanent": "true"})


def described(call: Call, kind: str, *, own: bool = True) -> Properties:
    """The properties a request gives a blob. own: the request's own Content-Type counts when there is no x-ms-blob-content-type."""

    def said(name: str) -> str:
        return call.header(f"x-ms-blob-{name}") or (call.header(name) if own else "")

    return Properties(
        content_type=said("content-type") or properties.DEFAULT_TYPE,
        content_encoding=said("content-encoding"),
        content_language=said("content-language"),
        content_disposition=call.header("x-ms-blob-content-disposition"),
        cache_control=said("cache-control"),
        metadata=_metadata(call),
        kind=kind,
    )


def _commit(files: Files, location: Location, upload: Upload, wanted: Properties, condition: Condition) -> Blob:
    """A blob that is put whole makes its waiting blocks void."""
    blob = files.commit(location, upload, wanted, condition)
    blocks.discard(files, location)
    return blob


def _metadata(call: Call) -> dict[str, str]:
    metadata = call.metadata()
    if sum(len(name) + len(value) for name, value in metadata.items()) > LARGEST_METADATA:
        raise errors.Invalid(f"The metadata is larger than {LARGEST_METADATA} bytes.", code="MetadataTooLarge")
    return metadata


def _block_list(body: bytes) -> list[blocks.Wanted]:
    if _UNSAFE_XML.search(body):
        raise errors.Invalid("The block list must not declare a document type.", code="InvalidXmlDocument")
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        raise errors.Invalid(f"The block list is not XML: {error}.", code="InvalidXmlDocument") from error
    if root.tag != "BlockList" or any(child.tag not in ("Committed", "Uncommitted", "Latest") for child in root):
        raise errors.Invalid("A block list is <BlockList> with <Committed>, <Uncommitted> and <Latest> in it.", code="InvalidXmlDocument")
    return [blocks.Wanted(blocks.check_id((child.text or "").strip()), child.tag) for child in root]


def _wrong_kind(kind: str) -> errors.AzurineError:
    if not kind:
        return errors.Invalid("The header x-ms-blob-type is missing; BlockBlob or AppendBlob is right.", code="MissingRequiredHeader")
    if kind == "PageBlob":
        return errors.Unsupported("Page blobs are not spoken here; block blobs and append blobs are.", code="NotImplemented")
    return errors.Invalid(f"x-ms-blob-type is {kind[:40]!r}; BlockBlob or AppendBlob is right.", code="InvalidHeaderValue")
