"""The server itself: up, down, status, env, doctor, version."""

import functools
import inspect
import os
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from azurine.cli import faults, manner, printing, shells
from azurine.model import errors

Home = Annotated[str | None, typer.Option("--home", help="The folder everything is kept in.", show_default="~/.azurine")]
Timeout = Annotated[float, typer.Option("--timeout", min=0.1, help="Seconds to wait at most.")]

_SHARED: dict[str, tuple[Any, Any]] = {
    "output": (
        Annotated[printing.Format | None, typer.Option("--output", "-o", help="How to print; table at a terminal, else json.", show_default=False)],
        None,
    ),
    "query": (Annotated[str, typer.Option("--query", help="What to print of it, in JMESPath.", show_default=False)], ""),
}
_STATUS = tuple(printing.Column(word.capitalize(), word) for word in ("state", "url", "home", "pid", "started", "store"))
_CHECKS = (printing.Column("", "mark"), printing.Column("Check", "check"), printing.Column("Found", "found"), printing.Column("What to do", "advice"))


def register(app: typer.Typer) -> None:
    for name, body, columns in (
        ("up", up, _STATUS),
        ("down", down, ()),
        ("status", status, _STATUS),
        ("env", env, ()),
        ("doctor", doctor, _CHECKS),
        ("version", version, ()),
    ):
        app.command(name)(_verb(body, columns))


def up(
    home: Home = None,
    port: Annotated[
        int | None, typer.Option("--port", help="The port to listen on; 0 = any free one.", show_default="the last one, else 8443")
    ] = None,
    host: Annotated[str | None, typer.Option("--host", help="The address to listen on.", show_default="127.0.0.1: this machine only")] = None,
    store: Annotated[
        str | None, typer.Option("--store", help="Where resources are kept, such as postgresql://…", show_default="SQLite in the home")
    ] = None,
    log_level: Annotated[str | None, typer.Option("--log-level", help="error, warning, info or debug.", show_default="warning")] = None,
    detach: Annotated[bool, typer.Option("--detach/--foreground", help="In the background, or in this terminal until Ctrl-C.")] = True,
    timeout: Timeout = 60.0,
) -> Any:
    """Start the server."""
    from azurine.cli import launching

    flags = {"home": home, "port": port, "host": host, "store": store, "log_level": log_level}
    chosen = _settings(flags)
    if not chosen.loopback:
        manner.warn(f"{chosen.host} lets other machines reach the server. Whoever holds the owner's secret can run programs here.")
    if not detach:
        manner.note(f"The server stays in this terminal (home {chosen.home}); Ctrl-C ends it.")
        launching.stay(chosen)
        return None
    found = launching.start(chosen, timeout)
    manner.note(f"Azurine is up at {found.url}; everything is kept in {found.home}.")
    manner.note(f"Next: azurine.connect() in Python, azurine job create -f job.yml, or {shells.advice(_shell())} for other programs.")
    return found.as_json()


def down(
    home: Home = None,
    force: Annotated[
        bool, typer.Option("--force", help="If it does not end by itself in time, kill it. Nothing that was acknowledged is lost.")
    ] = False,
    timeout: Timeout = 30.0,
) -> Any:
    """Stop the server. Running steps go on, and are found again at the next start."""
    from azurine.cli import launching

    chosen = _settings({"home": home})
    stopped = launching.stop(chosen, timeout, force)
    if stopped is None:
        manner.note(f"No server lives in the home {chosen.home}.")
    else:
        manner.note(f"The server of {chosen.home} (process {stopped.pid}) has ended.")


def status(home: Home = None) -> Any:
    """Tell whether the server runs, and where. Exit code 5 when it does not."""
    from azurine.cli import launching

    found = launching.look(_settings({"home": home}))
    if found.state == "stopped":
        manner.note("Start it with: azurine up")
    elif found.state != "running":
        manner.note(f"It lives, but does not answer. {found.home / 'server.log'} may say why.")
    return found.as_json(), 0 if found.state == "running" else faults.UNREACHABLE


def env(
    home: Home = None,
    shell: Annotated[shells.Shell | None, typer.Option("--shell", help="For which shell.", show_default="yours")] = None,
    unset: Annotated[bool, typer.Option("--unset", help="The lines that take the variables away again.")] = False,
) -> Any:
    """Print the variables that point other programs at the server: eval "$(azurine env)"."""
    from azurine import client

    _settings({"home": home})
    variables = client.connect(home).environment()
    chosen = shell or _shell()
    sys.stdout.write(shells.unsets(variables, chosen) if unset else shells.exports(variables, chosen))
    if sys.stdout.isatty():
        manner.note(f"# to use them: {shells.advice(chosen)}")


def doctor(home: Home = None) -> Any:
    """Look for what stands in the way on this machine, and say what to do. Exit code 4 when something does."""
    from azurine.cli import checks

    found = checks.run(_settings({"home": home}))
    blocked = [check for check in found if check.state == "fail"]
    if blocked:
        manner.note(f"{len(blocked)} of {len(found)} checks failed.")
    return [check.as_json() for check in found], faults.CHECK if blocked else 0


def version() -> Any:
    """Tell the versions of azurine and of what it works with."""
    from azurine.cli import checks

    return checks.versions()


# ── private ──


def _verb(body: Callable[..., Any], columns: Sequence[printing.Column]) -> Callable[..., None]:
    """Adds the options that all have, prints what the body returns (with an exit code, when it returns a pair), tells what it raises."""
    own = list(inspect.signature(body).parameters.values())

    @functools.wraps(body)
    def run(**values: Any) -> None:
        form, query = values.pop("output"), values.pop("query")
        answer = body(**values)
        value, code = answer if isinstance(answer, tuple) else (answer, 0)
        printing.show(value, form, query, columns)
        if code:
            raise typer.Exit(code)

    shared = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind) for name, (kind, default) in _SHARED.items()]
    parameters = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own] + shared
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def _settings(flags: dict[str, Any]) -> Any:
    from azurine import settings

    try:
        return settings.read(flags)
    except errors.Invalid as problem:
        raise faults.Failure(problem.message, code=faults.USAGE) from problem


def _shell() -> shells.Shell:
    return shells.guessed(os.environ.get("SHELL", ""))
