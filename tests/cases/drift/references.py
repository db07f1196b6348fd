"""Writes measures.json: what numpy and scipy say about the samples, by the contract's rules. Run by hand, when a sample is added:

    python tests/cases/drift/references.py

`two_sample_kolmogorov_smirnov_test` is `scipy.stats.ks_2samp` with its exact method, the Wasserstein distances `scipy.stats.wasserstein_distance`,
the energy distance `scipy.stats.energy_distance`, the test of categories `scipy.stats.chisquare`, the distance of Jensen and Shannon
`scipy.spatial.distance.jensenshannon` to base 2; bins are `numpy.histogram`'s. The stability index is written out, for no library has it.
"""

import json
import math
import sys
from itertools import pairwise
from pathlib import Path

import numpy
from scipy import stats
from scipy.spatial import distance

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from drift_samples import sample

NUMERICAL = {
    "integers, another mean": ([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9], [2, 7, 1, 8, 2, 8, 1, 8, 2, 8, 4, 5, 9, 0, 4, 5]),
    "the same": ([1.5, 2.5, 2.5, 8.0], [1.5, 2.5, 2.5, 8.0]),
    "the same shares, twice the rows": ([1, 2, 2], [1, 1, 2, 2, 2, 2]),
    "nothing in common": ([1, 2, 3, 4, 5], [11, 12, 13, 14]),
    "all equal, on both sides": ([7, 7, 7], [7, 7]),
    "constant, then not": ([0.5, 0.5, 0.5, 0.5], [0.25, 0.5, 0.75]),
    "below nought": ([-3.5, -1.25, 0.0, 2.0, -8.0], [-3.0, -1.5, 0.5, 2.5, 9.0, -7.5]),
    "a value far away": ([1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4, 5, 6, 7, 1e9]),
    "of different sizes": ({"law": ["normal", 0, 1, 700]}, {"law": ["normal", 0.1, 1.2, 450]}),
    "of the same size": ({"law": ["normal", 30, 5, 1000]}, {"law": ["normal", 30.5, 5, 1000]}),
    "many integers": ({"law": ["integers", 20, 77, 5000]}, {"law": ["integers", 18, 90, 3000]}),
    "more values than are kept apart": ({"law": ["normal", 31.5, 9.7, 9000]}, {"law": ["normal", 33, 9, 6000]}),
    "a long tail, more values than are kept apart": ({"law": ["lognormal", 0, 0.8, 9000]}, {"law": ["lognormal", 0.02, 0.82, 8000]}),
}
CATEGORICAL = {
    "two categories": (["a"] * 60 + ["b"] * 40, ["a"] * 50 + ["b"] * 50),
    "the same shares": (["a", "b", "b"], ["a", "a", "b", "b", "b", "b"]),
    "a new category": (["a", "b", "c"] * 10, ["a", "b", "d"] * 9),
    "one gone": (["a", "b", "c"] * 10, ["a", "b"] * 12),
    "one only": (["x"] * 5, ["x"] * 3),
    "whole numbers as categories": ([0, 1, 1, 0, 1, 1, 2] * 20, [0, 1, 2, 0, 1, 1, 2] * 15),
    "six categories": (list("aaaabbbccddef") * 30, list("aaabbbbccdddef") * 25),
}


def numerical(baseline, target):
    low, high = min([*baseline, *target]), max([*baseline, *target])
    count = math.ceil(math.log2(min(len(baseline), len(target))) + 1)
    half = 0.005 * abs(low) or 0.005
    edges = numpy.array([low - half, low + half]) if low == high else numpy.linspace(low, high, count + 1)
    filled = [numpy.histogram(side, edges)[0] for side in (baseline, target)]
    middles, weights = [], []
    for side in (baseline, target):
        counts, borders = numpy.histogram(side, 100) if min(side) < max(side) else ([len(side)], [side[0], side[0]])
        middles.append([(start + end) / 2 for start, end in pairwise(borders)])
        weights.append(counts)
    test = stats.ks_2samp(baseline, target, method="exact")
    return {
        "jensen_shannon_distance": distance.jensenshannon(*filled, base=2),
        "population_stability_index": stability(*filled),
        "normalized_wasserstein_distance": stats.wasserstein_distance(baseline, target) / max(numpy.std(baseline, ddof=1), 0.001),
        "two_sample_kolmogorov_smirnov_test": test.pvalue,
        "kolmogorov_smirnov_statistic": test.statistic,
        "wasserstein_distance": stats.wasserstein_distance(*middles, *weights),
        "energy_distance": stats.energy_distance(*middles, *weights),
    }


def categorical(baseline, target):
    names = sorted({*baseline, *target})
    filled = [numpy.array([side.count(name) for name in names]) for side in (baseline, target)]
    expected = filled[0] / len(baseline) * len(target)
    with numpy.errstate(divide="ignore"):
        test = stats.chisquare(filled[1], expected).pvalue if len(names) > 1 else 1.0
    return {
        "jensen_shannon_distance": distance.jensenshannon(*filled, base=2),
        "population_stability_index": stability(*filled),
        "pearsons_chi_squared_test": test,
        "euclidean_distance": math.dist(filled[0] / len(baseline), filled[1] / len(target)),
    }


def stability(baseline, target):
    q, p = ((side + 1) / (side.sum() + len(side)) for side in (baseline, target))
    return float(((p - q) * numpy.log(p / q)).sum())


def main():
    rows = []
    for role, samples, say in (("numerical", NUMERICAL, numerical), ("categorical", CATEGORICAL, categorical)):
        for name, (baseline, target) in samples.items():
            said = say(sample(baseline), sample(target))
            rows.append(
                {"name": name, "role": role, "baseline": baseline, "target": target, "expected": {key: float(value) for key, value in said.items()}}
            )
    text = ",\n".join(" " + json.dumps(row) for row in rows)
    Path(__file__).with_name("measures.json").write_text(f"[\n{text}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
