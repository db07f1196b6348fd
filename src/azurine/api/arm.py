"""Azure Resource Manager's verbs on its paths: the handler of everything under `/subscriptions`.

Reads of one resource are answered on the spot; what writes, lists or may wait for the disk goes to a thread. Which status code
answers what is what the official clients accept: a PUT that is done answers 200 or 201, one that goes on answers 201 (202 for
kinds directly in a resource group) with an operation to ask about; a DELETE answers 200, 202 or 204.
"""

from dataclasses import replace
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from azurine.api import actions, answers, body, containers, envelope, lists, operations, resources
from azurine.api.envelope import Address
from azurine.api.errors import METHOD_NOT_ALLOWED
from azurine.api.house import House
from azurine.api.operations import Operation
from azurine.model import errors, ids
from azurine.model.resources import Resource
from azurine.store.references import LogReferences

DEFAULT_VERSION = "azureml_default"


class Arm:
    def __init__(self, house: House, words: actions.Actions) -> None:
        self._house = house
        self._actions = words

    async def __call__(self, request: Request) -> Response:
        method = request.method
        address = self._house.addresses.read(answers.raw_path(request), action=method == "POST")
        handler = {"GET": self._get, "HEAD": self._head, "PUT": self._put, "PATCH": self._patch, "DELETE": self._delete, "POST": self._post}.get(
            method
        )
        if handler is None or (address.collection and method not in ("GET", "HEAD")):
            raise not_allowed(method, answers.raw_path(request))
        if address.kind.door == "closed":
            raise errors.Missing(f"The resource type {address.kind.name!r} could not be found", code="InvalidResourceType")
        if address.kind.door == "read" and method in ("PUT", "PATCH", "DELETE"):
            raise not_allowed(method, answers.raw_path(request))
        return await handler(request, address)

    async def _get(self, request: Request, address: Address) -> Response:
        self._house.ask(answers.principal(request), address.kind, "read", address.id)
        if address.collection:
            return await run_in_threadpool(self._list, request, address)
        found = resources.get(self._house, self._there(self._meant(address)))
        if address.kind.container:
            # Never 304: it tells of its versions, and a new one of those leaves its own ETag as it is.
            return await run_in_threadpool(self._shown, found)
        resources.fresh(found, request.headers.get("if-none-match", ""))
        return self._shown(found)

    def _meant(self, address: Address) -> str:
        """parity: clients that ask for a component without a version ask for this one; it means the one created last."""
        if ids.name(address.id) != DEFAULT_VERSION or not address.kind.name.endswith("/versions"):
            return address.id
        newest = LogReferences(self._house.log).newest(ids.parent(address.id), address.kind.name)
        return newest.id if newest is not None else address.id

    def _there(self, identifier: str) -> str:
        """The id itself, or of what is shown in its place because nothing is there."""
        instead = self._house.instead(identifier)
        if instead and self._house.log.get(identifier) is None and self._house.log.get(instead) is not None:
            return instead
        return identifier

    async def _head(self, request: Request, address: Address) -> Response:
        self._house.ask(answers.principal(request), address.kind, "read", address.id)
        if address.collection:
            return answers.nothing(200)
        found = resources.get(self._house, address.id)
        return answers.nothing(204, {"ETag": envelope.etag(found)})

    async def _put(self, request: Request, address: Address) -> Response:
        self._house.ask(answers.principal(request), address.kind, "write", address.id)
        content = await body.read(request)
        done = await run_in_threadpool(resources.put, self._house, address, content, request.headers, answers.asker(request))
        return await run_in_threadpool(self._written, request, address, done.resource, done.created)

    async def _patch(self, request: Request, address: Address) -> Response:
        self._house.ask(answers.principal(request), address.kind, "write", address.id)
        content = await body.read(request)
        done = await run_in_threadpool(resources.patch, self._house, address.id, content, request.headers, answers.asker(request))
        # 200 whatever goes on: the clients of PATCH accept nothing else, and read provisioningState themselves.
        return await run_in_threadpool(self._shown, done.resource)

    async def _delete(self, request: Request, address: Address) -> Response:
        self._house.ask(answers.principal(request), address.kind, "delete", address.id)
        if address.kind.name in self._house.fixed:
            raise not_allowed("DELETE", answers.raw_path(request))
        before = self._house.log.get(address.id)
        left = await run_in_threadpool(resources.delete, self._house, address, request.headers, answers.asker(request))
        if left is None:
            return answers.nothing(204 if before is None else 200)
        if address.kind.without_operations:
            return answers.nothing(200)
        operation = Operation(operations.DELETE, left.id, left.revision)
        return answers.nothing(202, operations.begun(self._house, answers.root(request), operation, _version(request)))

    async def _post(self, request: Request, address: Address) -> Response:
        if not address.action:
            raise not_allowed("POST", answers.raw_path(request))
        word = self._actions.find(address)
        self._house.ask(answers.principal(request), address.kind, f"{word}/action", address.id)
        content = await body.read_optional(request)
        asked = actions.Asked(self._house, address.id, word, content, answers.root(request), answers.asker(request), _query(request))
        done = await run_in_threadpool(self._actions.do, asked, address.kind)
        if isinstance(done, Resource) and address.kind.without_operations:
            return answers.nothing(200)
        if isinstance(done, Resource):
            operation = Operation(word, done.id, done.revision)
            return answers.nothing(202, operations.begun(self._house, answers.root(request), operation, _version(request)))
        return answers.nothing(200) if done is None else answers.answered(done)

    def _list(self, request: Request, address: Address) -> Response:
        parameters = request.query_params.multi_items()
        above = self._there(address.id)
        if above != address.id:
            address = replace(address, id=above, kind=self._house.kinds[ids.kind_of(f"{above}/versions/1")])
        if above and self._house.log.get(above) is None and not self._may_be_missing(above):
            raise resources.missing(self._house, above)
        if _in_a_group(address) and "resourceGroups" not in address.id.split("/"):
            return answers.answered(lists.across(self._house, address.kind.name, above, parameters))
        return answers.answered(lists.answer(self._house, address, parameters, answers.root(request) + answers.raw_path(request)))

    def _may_be_missing(self, identifier: str) -> bool:
        """A container that nobody made has no versions: an empty list, since the client asks before the first upload."""
        kind = self._house.kinds.get(ids.kind_of(identifier))
        return kind is not None and kind.container and self._house.log.get(ids.parent(identifier)) is not None

    def _written(self, request: Request, address: Address, resource: Resource, created: bool) -> Response:
        answer = containers.with_versions(self._house, resource, self._house.answer(resource))
        headers = {"ETag": envelope.etag(resource)}
        direct = _in_a_group(address)
        if address.kind.long_running and not operations.is_over(answer):
            operation = Operation(operations.PUT, resource.id, resource.revision)
            headers |= operations.begun(self._house, answers.root(request), operation, _version(request))
            return answers.answered(answer, 202 if direct else 201, headers)
        # parity: Azure ML's clients take 200 only, never 201, for a workspace.
        return answers.answered(answer, 201 if created and not direct and not address.kind.without_operations else 200, headers)

    def _shown(self, resource: Resource) -> Response:
        answer: dict[str, Any] = containers.with_versions(self._house, resource, self._house.answer(resource))
        return answers.answered(answer, 200, {"ETag": envelope.etag(resource)})


def _in_a_group(address: Address) -> bool:
    """Is it a kind of those directly in a resource group: a workspace, a factory?"""
    return "/" not in address.kind.name and address.kind.provider != envelope.RESOURCES and not address.kind.shared


def not_allowed(method: str, path: str) -> errors.Unsupported:
    return errors.Unsupported(f"The method {method[:20]} is not allowed on {path[:300]}", code=METHOD_NOT_ALLOWED)


def _query(request: Request) -> dict[str, str]:
    return {name.lower(): value for name, value in request.query_params.multi_items()}


def _version(request: Request) -> str:
    return "".join(letter for letter in request.query_params.get("api-version", "") if letter.isalnum() or letter in "-.")[:40]
