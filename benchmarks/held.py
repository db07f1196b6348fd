"""The most memory that this process has held. It needs nothing but the standard library, so that each tool's interpreter can ask it.

Not `ru_maxrss`, where there is better: on Linux a program inherits that of the process which started it, so a small one would seem as big as its parent.
"""

import resource
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


def most_megabytes() -> float:
    if STATUS.exists():
        return next(int(line.split()[1]) for line in STATUS.read_text().splitlines() if line.startswith("VmHWM")) / 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Darwin counts bytes.
    return most / (1 << 20) if sys.platform == "darwin" else most / 1024
