"""What every scoring process needs, done once in the process that it is a fork of: imports, and the first call of scikit-learn."""

from __future__ import annotations

import contextlib


def done() -> None:
    from . import journal, models, scripts, service, turns  # noqa: F401 that they are imported is all that is wanted

    with contextlib.suppress(Exception):  # not installed, or another version: then it is not done ahead
        from sklearn.linear_model import LogisticRegression

        # A library looks many things up when it is called for the first time.
        LogisticRegression().fit([[0.0], [1.0]], [0, 1]).predict([[0.5]])
