"""Operations on the account: its containers, its properties, what it is."""

from starlette.responses import Response

from azurine.api.blobs import answers, marking
from azurine.api.blobs.calls import Call
from azurine.storage.files import Files

MOST = 5000
_PROPERTIES = (
    "<StorageServiceProperties><Logging><Version>1.0</Version><Delete>false</Delete><Read>false</Read><Write>false</Write>"
    "<RetentionPolicy><Enabled>false</Enabled></RetentionPolicy></Logging>"
    "<HourMetrics><Version>1.0</Version><Enabled>false</Enabled><RetentionPolicy><Enabled>false</Enabled></RetentionPolicy></HourMetrics>"
    "<MinuteMetrics><Version>1.0</Version><Enabled>false</Enabled><RetentionPolicy><Enabled>false</Enabled></RetentionPolicy></MinuteMetrics>"
    "<Cors /><DeleteRetentionPolicy><Enabled>false</Enabled></DeleteRetentionPolicy><StaticWebsite><Enabled>false</Enabled></StaticWebsite>"
    "</StorageServiceProperties>"
)


def list_containers(call: Call, files: Files) -> Response:
    account = call.location.account
    prefix, marker = call.query.get("prefix", ""), call.query.get("marker", "")
    limit = call.number("maxresults", MOST, 1, MOST)
    after = marking.read(marker)
    names = [name for name in files.accounts.containers(account, prefix) if name > after]
    shown, rest = names[:limit], names[limit:]
    with_metadata = "metadata" in call.query.get("include", "").split(",")
    body = "".join(answers.container_element(files.accounts.container(account, name), with_metadata=with_metadata) for name in shown)
    return answers.xml(
        f'<EnumerationResults ServiceEndpoint="{answers.attribute(call.endpoint)}">{answers.element("Prefix", prefix)}'
        f"{answers.element('Marker', marker)}<MaxResults>{limit}</MaxResults><Containers>{body}</Containers>"
        f"{answers.element('NextMarker', marking.make(shown[-1]) if rest else '')}</EnumerationResults>"
    )


def properties(call: Call, files: Files) -> Response:
    files.accounts.house(call.location.account)
    return answers.xml(_PROPERTIES)


def account_information(call: Call, files: Files) -> Response:
    files.accounts.house(call.location.account)
    return answers.empty(200, {"x-ms-sku-name": "Standard_LRS", "x-ms-account-kind": "StorageV2", "x-ms-is-hns-enabled": "false"})
