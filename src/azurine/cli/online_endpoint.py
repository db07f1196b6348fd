"""`azurine online-endpoint …` (also `azurine endpoint …`): create, list, show, update, delete, get-credentials, regenerate-keys, invoke."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from azurine.cli import commands, endpoints, faults
from azurine.cli.commands import Here, Name, NoWait, Sets, SomeFile, SomeName
from azurine.cli.printing import Column

app = commands.noun("Online endpoints: addresses at which models answer at once.")

_COLUMNS = (
    Column("name", "name"),
    Column("auth", "auth_mode"),
    Column("traffic", "traffic"),
    Column("provisioning", "provisioning_state"),
    Column("address", "scoring_uri"),
)
Traffic = Annotated[
    str | None, typer.Option("--traffic", metavar="NAME=PERCENT …", help="Shares of the deployments: 'blue=90 green=10'.", show_default=False)
]
Mirror = Annotated[
    str | None,
    typer.Option("--mirror-traffic", metavar="NAME=PERCENT", help="The deployment that gets copies of requests: 'green=10'.", show_default=False),
]
Auth = Annotated[str | None, typer.Option("--auth-mode", help="key, aml_token or aad_token.", show_default=False)]


@commands.command(app, "create", _COLUMNS)
def create(here: Here, file: SomeFile = None, name: SomeName = None, auth_mode: Auth = None, set_: Sets = None, no_wait: NoWait = False) -> Any:
    """Creates an endpoint from a YAML file, or from a name alone."""
    from azure.ai.ml import load_online_endpoint

    if file is None and name is None:
        raise faults.Failure("An endpoint needs a file or a name.", advice="azurine online-endpoint create -n NAME", code=faults.USAGE)
    if file is not None:
        here.read(file)
    wanted = load_online_endpoint(file, params_override=commands.overrides(set_, name=name, auth_mode=auth_mode))
    return endpoints.put(here.ml.online_endpoints, wanted, no_wait)


@commands.command(app, "update", _COLUMNS)
def update(here: Here, name: Name, traffic: Traffic = None, mirror_traffic: Mirror = None, no_wait: NoWait = False) -> Any:
    """Shares the traffic anew."""
    found = here.ml.online_endpoints.get(name)
    if traffic is not None:
        found.traffic = _shares(traffic)
    if mirror_traffic is not None:
        found.mirror_traffic = _shares(mirror_traffic)
    return endpoints.put(here.ml.online_endpoints, found, no_wait)


@commands.command(app, "get-credentials", (Column("primary", "primary_key"), Column("secondary", "secondary_key"), Column("token", "access_token")))
def get_credentials(here: Here, name: Name) -> Any:
    """The keys of an endpoint, or a token for it."""
    return dict(vars(here.ml.online_endpoints.get_keys(name)))


@commands.command(app, "regenerate-keys")
def regenerate_keys(
    here: Here, name: Name, key_type: Annotated[str, typer.Option("--key-type", help="primary or secondary.")] = "primary", no_wait: NoWait = False
) -> Any:
    """Makes a key anew; the old one no longer opens."""
    commands.finished(here.ml.online_endpoints.begin_regenerate_keys(name, key_type=key_type), no_wait)


@commands.command(app, "invoke")
def invoke(
    here: Here,
    name: Name,
    request_file: Annotated[Path, typer.Option("--request-file", "-r", help="The JSON file to send.", show_default=False)],
    deployment: Annotated[
        str | None, typer.Option("--deployment-name", "-d", help="This deployment, whatever the traffic.", show_default=False)
    ] = None,
) -> Any:
    """Sends a request, and prints the answer."""
    if not request_file.is_file():
        raise faults.Failure(f"There is no file {request_file}.")
    answer = here.ml.online_endpoints.invoke(name, request_file=str(request_file), deployment_name=deployment)
    try:
        return json.loads(answer)
    except ValueError:
        return answer


endpoints.add(app, lambda ml: ml.online_endpoints, _COLUMNS, "online")


def _shares(text: str) -> dict[str, int]:
    found = {}
    for part in text.replace(",", " ").split():
        name, _, percent = part.partition("=")
        if not name or not percent.isdigit():
            raise faults.Failure(f"{part!r} is not of the form NAME=PERCENT.", code=faults.USAGE)
        found[name] = int(percent)
    return found
