"""The command line: `azurine <noun> <verb>`, with the nouns and flags of `az ml` where they exist.

A noun's module is imported when the noun is used, so that `azurine --help` answers at once. Data goes to stdout; progress,
notes and errors to stderr. Exit codes: `cli.faults`.
"""

import importlib
import os
import sys
import traceback
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from azurine.cli import expr, manner, score, server

# ── The nouns: module (its Typer is called `app`), one line of help. Add a noun here, and nowhere else. ──────────────
NOUNS: dict[str, tuple[str, str]] = {
    "workspace": ("azurine.cli.workspace", "Workspaces."),
    "job": ("azurine.cli.job", "Jobs: create, list, show, stream, cancel, download."),
    "data": ("azurine.cli.data", "Data assets."),
    "model": ("azurine.cli.model", "Registered models."),
    "environment": ("azurine.cli.environment", "Environments that jobs run in."),
    "component": ("azurine.cli.component", "Components that pipelines are made of."),
    "pipeline": ("azurine.cli.pipeline", "Published pipelines: pipelines with an address that starts them."),
    "draft": ("azurine.cli.draft", "Drafts: pipelines that are still being worked on."),
    "compute": ("azurine.cli.compute", "Compute targets."),
    "online-endpoint": ("azurine.cli.online_endpoint", "Online endpoints: addresses at which models answer at once."),
    "endpoint": ("azurine.cli.online_endpoint", "The same as online-endpoint."),
    "online-deployment": ("azurine.cli.online_deployment", "Online deployments: the models behind an online endpoint."),
    "batch-endpoint": ("azurine.cli.batch_endpoint", "Batch endpoints: addresses that are told where data lies, and answer with a job."),
    "batch-deployment": ("azurine.cli.batch_deployment", "Batch deployments: what runs when a batch endpoint is called."),
    "schedule": ("azurine.cli.schedule", "Schedules: jobs at their times, and monitors."),
    "factory": ("azurine.cli.factory", "Data factories: import and export their folders, run their pipelines."),
    "monitor": ("azurine.cli.monitor", "Monitors of drift, and their alerts."),
    "datastore": ("azurine.cli.datastore", "Datastores: where data lies."),
    "principal": ("azurine.cli.principal", "Who may sign in: service principals and their secrets."),
    "patients": ("azurine.cli.patients", "Made-up patients, to try things with."),
}
# ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Noun(TyperGroup):
    """Stands for a noun among the commands; its module is imported when one of its verbs is wanted."""

    module = ""
    _loaded: Any = None

    def list_commands(self, ctx: Any) -> list[str]:
        found: list[str] = self._group().list_commands(ctx)
        return found

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return self._group().get_command(ctx, cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        self.commands = self._group().commands  # "did you mean" looks here
        return super().resolve_command(ctx, args)

    def _group(self) -> Any:
        if self._loaded is None:
            self._loaded = typer.main.get_command(importlib.import_module(self.module).app)
        return self._loaded


class _Root(TyperGroup):
    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, (module, text) in NOUNS.items():
            noun = _Noun(name=name, help=text, no_args_is_help=True, rich_markup_mode=None)
            noun.module = module
            self.add_command(noun)


app = typer.Typer(
    cls=_Root,
    name="azurine",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help is shown three times faster
    context_settings={"help_option_names": ["-h", "--help"]},
)
server.register(app)
score.register(app)
expr.register(app)


@app.callback()
def root(
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing beside data, warnings and errors.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error comes from.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colours (as the variable NO_COLOR does).")] = False,
) -> None:
    """Azure Machine Learning and Azure Data Factory on your own machine."""
    # `main` takes the three out of the arguments, wherever they stand; here they are only described.


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; answers its exit code."""
    given = manner.taken(list(sys.argv[1:] if arguments is None else arguments))
    try:
        app(given, prog_name="azurine")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BrokenPipeError:
        # `azurine … | head`: the reader has seen enough; nothing may be flushed into the closed pipe at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (Exception, KeyboardInterrupt) as problem:  # noqa: BLE001 — the edge: every failure is told in one sentence and becomes an exit code
        return _told(problem)
    return 0


def _told(problem: BaseException) -> int:
    # Here: only wanted when something went wrong.
    from azurine.cli import faults

    if manner.MANNER.debug:
        traceback.print_exception(problem)
    fault = faults.told(problem)
    sys.stderr.write(f"azurine: {fault}\n")
    return fault.code
