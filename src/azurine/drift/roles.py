"""Is a feature numerical or categorical, and may the two sides of it be compared? The rules of the contract, judged on the baseline.

Texts, booleans, dates and times are categorical, numbers with a fraction numerical. Whole numbers are categorical when fewer than one row in twenty
brings a new value. What the user says (an override) comes first. Of whole numbers with more different values than a sketch keeps apart it is not
known how many there are: they are numerical.
"""

from collections.abc import Mapping

from azurine.drift.categories import Categories
from azurine.drift.tables import Feature

NUMERICAL, CATEGORICAL = "numerical", "categorical"
FEW = 0.05
"""Different values by rows: fewer, and whole numbers are names rather than amounts."""


def role(name: str, baseline: Feature, overrides: Mapping[str, str] | None = None) -> str:
    said = (overrides or {}).get(name)
    if said in (NUMERICAL, CATEGORICAL):
        return CATEGORICAL if isinstance(baseline, Categories) else said
    if isinstance(baseline, Categories):
        return CATEGORICAL
    few = baseline.exact and baseline.rows > 0 and len(baseline.keys) / baseline.rows < FEW
    return CATEGORICAL if baseline.type == "integer" and few else NUMERICAL


def hindrance(baseline: Feature | None, target: Feature | None) -> str:
    """Why the two sides of a feature cannot be compared; "" when they can."""
    if baseline is None:
        return "the baseline has no such feature"
    if target is None:
        return "the target has no such feature"
    if baseline.type != target.type:
        return f"it is {baseline.type} in the baseline and {target.type} in the target"
    return ""
