"""Samples for the cases of drift, from a few words, the same on every machine: no random numbers, but evenly spaced quantiles of a law."""

import math
from statistics import NormalDist


def sample(words):
    """A list of values is itself; else a law and its numbers, then how many values."""
    if isinstance(words, list):
        return words
    law, *rest = words["law"]
    first, second, count = rest
    shares = [(place + 0.5) / count for place in range(count)]
    if law == "normal":
        law_of = NormalDist(first, second)
        return [law_of.inv_cdf(share) for share in shares]
    if law == "lognormal":
        law_of = NormalDist(first, second)
        return [math.exp(law_of.inv_cdf(share)) for share in shares]
    if law == "integers":
        return [first + (place * place + 7 * place) % (second - first) for place in range(count)]
    raise ValueError(f"there is no law {law!r}")
