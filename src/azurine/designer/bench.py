"""What a component finds around it while it runs: a folder to work in, a log, and the way to the user's storage.

A component touches nothing outside its inputs, its parameters and its bench. `locate` turns what a user writes into a parameter
(`azureml://datastores/<name>/paths/<path>`) into a local path; who starts the component says how, because datastores are not known here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from azurine.model.errors import Invalid

SAMPLE = 1_000
"""How many rows of a large CSV file its types are inferred from at first."""


def nowhere(address: str) -> Path:
    raise Invalid(f"{address!r} cannot be reached from here: no datastores are known", code="ResourceNotFound")


@dataclass(frozen=True, slots=True)
class Bench:
    """folder: scratch, gone afterwards. say: one line for the node's log. sample: rows to infer CSV types from, None for all; with None
    nothing else is expected of rows not yet seen either, for then nobody runs the plan again (see `csv_files`).

    variables: of the node's step, such as those by which its run is found; None where they are those of the process.
    """

    folder: Path
    say: Callable[[str], None] = print
    locate: Callable[[str], Path] = nowhere
    sample: int | None = SAMPLE
    failing: Callable[[str], Exception] = field(default=Invalid)
    """Makes an error that names the component: raise bench.failing("…")."""
    variables: Mapping[str, str] | None = None
