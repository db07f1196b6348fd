"""One measure per file, each a function of a `Pair` that answers a number or raises `NotEnough` with what is missing.

The table says what a measure is for, and which way it breaches: the p-values of tests are below their threshold when something has
drifted, all others above.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from azurine.drift.measures import (
    data_type_error_rate,
    energy,
    euclidean,
    jensen_shannon,
    kolmogorov_smirnov,
    null_value_rate,
    out_of_bounds_rate,
    pearsons_chi_squared,
    population_stability_index,
    wasserstein,
)
from azurine.drift.measures.pair import NotEnough, Pair
from azurine.drift.roles import CATEGORICAL, NUMERICAL

__all__ = ["MEASURES", "Measure", "NotEnough", "Pair", "breaches"]

BOTH = (NUMERICAL, CATEGORICAL)


@dataclass(frozen=True, slots=True)
class Measure:
    """below: it breaches when it is less than the threshold. threshold: when the user says none."""

    compute: Callable[[Pair], float]
    roles: tuple[str, ...] = BOTH
    threshold: float = 0.1
    below: bool = False


MEASURES: Mapping[str, Measure] = {
    "normalized_wasserstein_distance": Measure(wasserstein.normalized, (NUMERICAL,)),
    "jensen_shannon_distance": Measure(jensen_shannon.distance),
    "population_stability_index": Measure(population_stability_index.index),
    "two_sample_kolmogorov_smirnov_test": Measure(kolmogorov_smirnov.p_value, (NUMERICAL,), 0.05, below=True),
    "pearsons_chi_squared_test": Measure(pearsons_chi_squared.p_value, (CATEGORICAL,), 0.05, below=True),
    "null_value_rate": Measure(null_value_rate.rate, BOTH, 0.0),
    "data_type_error_rate": Measure(data_type_error_rate.rate, BOTH, 0.0),
    "out_of_bounds_rate": Measure(out_of_bounds_rate.rate, BOTH, 0.0),
    "wasserstein_distance": Measure(wasserstein.of_profiles, (NUMERICAL,)),
    "energy_distance": Measure(energy.of_profiles, (NUMERICAL,)),
    "euclidean_distance": Measure(euclidean.distance, (CATEGORICAL,)),
    "kolmogorov_smirnov_statistic": Measure(kolmogorov_smirnov.statistic, (NUMERICAL,)),
}

DEFAULTS = {NUMERICAL: "normalized_wasserstein_distance", CATEGORICAL: "jensen_shannon_distance"}


def breaches(name: str, value: float, threshold: float) -> bool:
    """Strictly: at the threshold is not over it."""
    return value < threshold if MEASURES[name].below else value > threshold
