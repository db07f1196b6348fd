"""`azurine schedule …`: create, list, show, enable, disable, trigger, delete. Schedules of jobs, and monitors, which are schedules too."""

from typing import Annotated, Any

import typer

from azurine.cli import commands
from azurine.cli.commands import File, Here, Name, NoWait, Sets, SomeName, Yes
from azurine.cli.printing import Column

app = commands.noun("Schedules: jobs at their times, and monitors.")

_COLUMNS = (
    Column("name", "name"),
    Column("enabled", "is_enabled"),
    Column("type", "trigger.type"),
    Column("frequency", "trigger.frequency"),
    Column("interval", "trigger.interval"),
    Column("expression", "trigger.expression"),
    Column("state", "provisioning_state"),
)


@commands.command(app, "create", _COLUMNS)
def create(here: Here, file: File, name: SomeName = None, set_: Sets = None, no_wait: NoWait = False) -> Any:
    """Creates a schedule from a YAML file, or changes the one of that name."""
    from azure.ai.ml.entities._load_functions import load_schedule

    here.read(file)
    wanted = load_schedule(file, params_override=commands.overrides(set_, name=name))
    return commands.finished(here.ml.schedules.begin_create_or_update(wanted), no_wait)


@commands.command(app, "list", _COLUMNS)
def list_(
    here: Here,
    disabled: Annotated[bool, typer.Option("--disabled", help="Only those that are disabled.")] = False,
    everything: Annotated[bool, typer.Option("--include-disabled", help="Those that are disabled too.")] = False,
) -> Any:
    """The schedules that are enabled."""
    from azure.ai.ml.operations._schedule_operations import ScheduleListViewType as View

    view = View.DISABLED_ONLY if disabled else View.ALL if everything else View.ENABLED_ONLY
    return here.ml.schedules.list(list_view_type=view)


@commands.command(app, "show", _COLUMNS)
def show(here: Here, name: Name) -> Any:
    """One schedule."""
    return here.ml.schedules.get(name)


@commands.command(app, "enable", _COLUMNS)
def enable(here: Here, name: Name, no_wait: NoWait = False) -> Any:
    """From now on its jobs are submitted at their times."""
    return commands.finished(here.ml.schedules.begin_enable(name), no_wait)


@commands.command(app, "disable", _COLUMNS)
def disable(here: Here, name: Name, no_wait: NoWait = False) -> Any:
    """Nothing is submitted until it is enabled again."""
    return commands.finished(here.ml.schedules.begin_disable(name), no_wait)


@commands.command(app, "trigger", (Column("job", "job_name"), Column("type", "schedule_action_type")))
def trigger(here: Here, name: Name) -> Any:
    """Submits its job once, now, whatever its times."""
    return dict(vars(here.ml.schedules.trigger(name)))


@commands.command(app, "delete")
def delete(here: Here, name: Name, yes: Yes = False, no_wait: NoWait = False) -> Any:
    """Deletes a schedule; it must be disabled."""
    commands.confirmed(f"Delete the schedule {name}?", yes)
    commands.finished(here.ml.schedules.begin_delete(name), no_wait)
