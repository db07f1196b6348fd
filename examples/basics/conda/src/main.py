"""Shows that the package of the conda file is there."""

import sys

import tabulate

print(tabulate.tabulate([["python", sys.version.split()[0]], ["tabulate", tabulate.__version__]], headers=["what", "version"]))
