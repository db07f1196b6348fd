"""The regularised upper incomplete gamma function Q(a, x): the tail of the chi-squared distribution with 2a degrees of freedom, beyond 2x.

By its series where that converges quickly, else by Lentz's continued fraction; to about twelve digits.
"""

import math

STEPS = 100_000
EPSILON = 1e-15
TINY = 1e-300


def upper(a: float, x: float) -> float:
    if x <= 0:
        return 1.0
    if math.isinf(x):
        return 0.0
    factor = math.exp(a * math.log(x) - x - math.lgamma(a))
    return 1 - factor * _series(a, x) if x < a + 1 else factor * _fraction(a, x)


def _series(a: float, x: float) -> float:
    term = total = 1 / a
    for step in range(1, STEPS):
        term *= x / (a + step)
        total += term
        if term < total * EPSILON:
            break
    return total


def _fraction(a: float, x: float) -> float:
    b = x + 1 - a
    c, d = 1 / TINY, 1 / b
    answer = d
    for step in range(1, STEPS):
        numerator = -step * (step - a)
        b += 2
        d = 1 / (numerator * d + b or TINY)
        c = b + numerator / c or TINY
        answer *= c * d
        if abs(c * d - 1) < EPSILON:
            break
    return answer
