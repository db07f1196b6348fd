"""`python -m azurine` is `azurine`."""

from azurine.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
