"""Energy distance of dataset monitors: √(2 ∫ (F − G)² dx), of two histograms of a hundred bins whose values stand in the middle of their bin."""

import math

from azurine.drift import profiles
from azurine.drift.measures.pair import Pair


def of_profiles(pair: Pair) -> float:
    pair.need()
    return math.sqrt(2 * math.fsum(difference * difference * width for difference, width in profiles.differences(*pair.numbers())))
