"""Copy Blob and Put Blob From URL, from this server to this server; done when it is answered."""

import uuid
from dataclasses import replace

from starlette.responses import Response

from azurine.api.blobs import answers, authorization, calls, conditions
from azurine.api.blobs.calls import Call
from azurine.model import errors
from azurine.storage.files import Files
from azurine.storage.properties import Properties


def copy(call: Call, files: Files) -> Response:
    url = call.header("x-ms-copy-source")
    source = calls.same_server(call, url)
    if source is None or not source.path:
        raise errors.Invalid(f"{url.partition('?')[0][:200]!r} is not a blob of this server; only such are copied.", code="CannotVerifyCopySource")
    authorization.may_read_source(call, source, url, files.accounts)
    with files.open(source) as reading:
        conditions.for_source(call, reading.blob)
    told = {"id": str(uuid.uuid4()), "source": url.partition("?")[0], "completed": answers.time(files.accounts.now())}
    metadata = call.metadata()

    def change(found: Properties) -> Properties:
        return replace(found, metadata=metadata or found.metadata, copied=told)

    blob = files.copy(source, call.location, change, conditions.for_changing(call, making=True))
    # parity: Put Blob From URL says which kind of blob it makes, and answers 201; Copy Blob answers 202 even when done.
    status = 201 if call.header("x-ms-blob-type") else 202
    return answers.empty(status, answers.changed(blob) | {"x-ms-copy-id": told["id"], "x-ms-copy-status": "success"})
