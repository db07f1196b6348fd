"""`azurine patients create`: a file of made-up patients, to try things with."""

from pathlib import Path
from typing import Annotated, Any

import typer

from azurine.cli import commands, manner
from azurine.cli.commands import Here

app = commands.noun("Made-up patients, to try things with.")


@commands.command(app, "create")
def create(
    here: Here,
    file: Annotated[Path, typer.Option("--file", "-f", help="The CSV file to write.", show_default=False)],
    rows: Annotated[int, typer.Option("--rows", "-r", min=0, help="How many patients.")] = 10_000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed makes the same patients.")] = 0,
) -> Any:
    """Writes a CSV file of patients, some of them diabetic."""
    from azurine import patients

    patients.write(file, rows, seed)
    manner.note(f"{rows} patients in {file}")
    return {"path": str(file), "rows": rows, "seed": seed}
