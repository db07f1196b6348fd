"""Operations on a container, and the list of its blobs."""

from starlette.responses import Response

from azurine.api.blobs import answers, marking
from azurine.api.blobs.calls import Call
from azurine.model import errors
from azurine.storage import listing
from azurine.storage.accounts import Container
from azurine.storage.files import Files


def create(call: Call, files: Files) -> Response:
    made = files.accounts.create_container(call.location.account, call.location.container, call.metadata())
    return answers.empty(201, _changed(made))


def delete(call: Call, files: Files) -> Response:
    files.accounts.delete_container(call.location.account, call.location.container)
    return answers.empty(202)


def properties(call: Call, files: Files) -> Response:
    return answers.empty(200, answers.container(files.accounts.container(call.location.account, call.location.container)))


def set_metadata(call: Call, files: Files) -> Response:
    return answers.empty(200, _changed(files.accounts.describe(call.location.account, call.location.container, call.metadata())))


def access_policy(call: Call, files: Files) -> Response:
    """No container here is public, and none has stored policies."""
    found = files.accounts.container(call.location.account, call.location.container)
    return answers.xml("<SignedIdentifiers />", _changed(found))


def list_blobs(call: Call, files: Files) -> Response:
    if "startfrom" in call.query:
        raise errors.Unsupported("Lists from a name on (startFrom) are not spoken here; markers are.", code="UnsupportedQueryParameter")
    prefix, delimiter, marker = (call.query.get(name, "") for name in ("prefix", "delimiter", "marker"))
    limit = call.number("maxresults", listing.BATCH, 1, listing.BATCH)
    page = listing.page(files, call.location, prefix, delimiter, marking.read(marker), limit)
    with_metadata = "metadata" in call.query.get("include", "").split(",")
    elements = [(blob.location.path, answers.blob_element(blob, with_metadata=with_metadata)) for blob in page.blobs]
    elements += [(name, answers.prefix_element(name)) for name in page.prefixes]
    body = "".join(text for _, text in sorted(elements))
    said = f"{answers.element('Prefix', prefix)}{answers.element('Marker', marker)}<MaxResults>{limit}</MaxResults>"
    said += answers.element("Delimiter", delimiter) if delimiter else ""
    return answers.xml(
        f'<EnumerationResults ServiceEndpoint="{answers.attribute(call.endpoint)}" ContainerName="{call.location.container}">{said}'
        f"<Blobs>{body}</Blobs>{answers.element('NextMarker', marking.make(page.after) if page.after else '')}</EnumerationResults>"
    )


def _changed(container: Container) -> dict[str, str]:
    return {"etag": container.etag, "last-modified": answers.time(container.modified_at)}
