"""The program of a graph of components, run to its end, and the most megabytes that it held: `python held_by_graph.py GRAPH.json`."""

import sys
from pathlib import Path

from held import most_megabytes

from azurine.guest import graph

if __name__ == "__main__":
    code = graph.main(Path(sys.argv[1]))
    print(most_megabytes())
    sys.exit(code)
