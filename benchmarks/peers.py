"""Peers, each in an environment of its own under `.bench/` (not kept in git), installed with uv when it is first wanted.

What cannot be installed here is said loudly, and its rows are left out: a comparison that was not made is not made up.
"""

import subprocess
import sys
from pathlib import Path

from measuring import REPOSITORY

FOLDER = REPOSITORY / ".bench"


def install(name: str, *packages: str) -> Path | None:
    """The interpreter of a peer's environment; None when it cannot be had."""
    import uv

    place = FOLDER / name
    python = place / "bin" / "python"
    done = place / ".installed"
    if done.exists() and done.read_text() == "\n".join(packages):
        return python
    FOLDER.mkdir(exist_ok=True)
    tool = uv.find_uv_bin()
    for words in (
        [tool, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(place)],
        [tool, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(python), *packages],
    ):
        ran = subprocess.run(words, capture_output=True, text=True, check=False)
        if ran.returncode != 0:
            print(f"\n!!! {name} was NOT MEASURED: it could not be installed here.\n{ran.stderr.strip()}\n", file=sys.stderr)
            return None
    done.write_text("\n".join(packages))
    return python
