"""Apply Math Operation: a function of each chosen column, and of a second value where the function takes two.

The second value is a constant or another column. Results are named `Abs(Age)`, `Add(Age_$1)`, `Add(Age_BMI)` when they are appended.
What has no value (the root of a negative number, a division by zero) is missing.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import polars as pl

from azurine.designer import tables
from azurine.designer.bench import Bench
from azurine.designer.components import Outputs
from azurine.designer.parameters import Parameters
from azurine.designer.ports import Port, table_of
from azurine.designer.tables import Table

_FUNCTION = {
    "Basic": "basic_math_function",
    "Compare": "compare_function",
    "Operations": "arithmetic_operation",
    "Rounding": "rounding_function",
    "Special": "special_function",
    "Trigonometric": "trigonometric_function",
}
One = Callable[[pl.Expr], pl.Expr]
Two = Callable[[pl.Expr, pl.Expr], pl.Expr]


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Outputs:
    table = table_of(inputs, "dataset")
    chosen = _numeric(table, "column_set", parameters)
    function = parameters.text(_FUNCTION[parameters.text("category")])
    results = [
        _result(function, name, second, said) for name, (second, said) in zip(chosen, _seconds(table, chosen, function, parameters), strict=True)
    ]
    mode = parameters.text("output_mode")
    names = list(chosen) if mode == "Inplace" else tables.unique_names([said for _, said in results], table.names if mode == "Append" else ())
    made = [_finite(value).alias(name) for (value, _), name in zip(results, names, strict=True)]
    frame = table.frame.select(made) if mode == "ResultOnly" else table.frame.with_columns(made)
    found = table.on(frame)
    return {"results_dataset": replace(found, columns=tuple(replace(one, categorical=False) if one.name in names else one for one in found.columns))}


def _result(function: str, name: str, second: pl.Expr, said: str) -> tuple[pl.Expr, str]:
    value = pl.col(name)
    if function in _ONE:
        return _ONE[function](value), f"{function}({name})"
    return _TWO[function](value, second), f"{function}({name}_{said})"


def _seconds(table: Table, chosen: tuple[str, ...], function: str, parameters: Parameters) -> list[tuple[pl.Expr, str]]:
    """The second value for each chosen column, and how it is called."""
    if function in _ONE or parameters.text("second_argument_type") == "Constant":
        constant = parameters.number("second_argument")
        whole = constant.is_integer()
        return [(pl.lit(int(constant) if whole else constant), f"${constant:g}")] * len(chosen)
    seconds = _numeric(table, "second_argument_columns", parameters)
    if len(seconds) not in (1, len(chosen)):
        raise parameters.wrong(
            "second_argument_columns", f"choose one column, or {len(chosen)}, one for each chosen column; chosen are {len(seconds)}"
        )
    return [(pl.col(name), name) for name in (seconds * len(chosen) if len(seconds) == 1 else seconds)]


def _numeric(table: Table, name: str, parameters: Parameters) -> tuple[str, ...]:
    chosen = parameters.columns(name, table)
    for one in chosen:
        if not table[one].numeric:
            raise parameters.wrong(name, f"column {one!r} is {table[one].kind}; only numbers can be computed with")
    return chosen


def _finite(value: pl.Expr) -> pl.Expr:
    """Missing where the result is no number or has no bounds; left alone where it is not broken at all."""
    return pl.when(value.cast(pl.Float64).is_finite()).then(value)


def _float(value: pl.Expr) -> pl.Expr:
    return value.cast(pl.Float64)


def _each(function: Callable[[float], float]) -> One:
    """A function that the plan's expressions do not have, value by value."""
    return lambda value: _float(value).map_batches(lambda several: _computed(several, function), return_dtype=pl.Float64, is_elementwise=True)


def _computed(several: pl.Series, function: Callable[[float], float]) -> pl.Series:
    return pl.Series(several.name, [_value(one, function) for one in several], dtype=pl.Float64)


def _value(one: float | None, function: Callable[[float], float]) -> float | None:
    try:
        return None if one is None else function(one)
    except (ValueError, OverflowError):
        return None


def _pair(function: Callable[[float, float], float]) -> Two:
    def computed(several: pl.Series) -> pl.Series:
        return pl.Series(several.name, [_value_of_two(one["a"], one["b"], function) for one in several], dtype=pl.Float64)

    return lambda a, b: pl.struct(_float(a).alias("a"), _float(b).alias("b")).map_batches(computed, return_dtype=pl.Float64, is_elementwise=True)


def _value_of_two(a: float | None, b: float | None, function: Callable[[float, float], float]) -> float | None:
    try:
        return None if a is None or b is None else function(a, b)
    except (ValueError, OverflowError):
        return None


def _double_factorial(value: float) -> float:
    return float(math.prod(range(int(value), 0, -2))) if value.is_integer() and 0 <= value <= 300 else math.nan


def _factorial(value: float) -> float:
    return math.gamma(value + 1)


def _log_beta(a: float, b: float) -> float:
    if a <= 0 or b <= 0:
        raise ValueError("beta is taken of positive numbers")
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _power_of_two_above(value: pl.Expr) -> pl.Expr:
    return pl.lit(2.0).pow(_float(value).log(2).ceil())


def _towards_even(value: pl.Expr) -> pl.Expr:
    """Away from zero to the next even number."""
    return _float(value).sign() * (_float(value).abs() / 2).ceil() * 2


def _towards_odd(value: pl.Expr) -> pl.Expr:
    """Away from zero to the next odd number."""
    size = _float(value).abs()
    sign = pl.when(_float(value) < 0).then(-1.0).otherwise(1.0)
    return sign * (((size - 1) / 2).ceil().clip(0) * 2 + 1)


def _sign(value: pl.Expr) -> pl.Expr:
    return _float(value).sign()


def _logarithm(value: pl.Expr, base: pl.Expr) -> pl.Expr:
    return _float(value).log() / _float(base).log()


def _root(value: pl.Expr, degree: pl.Expr) -> pl.Expr:
    """The odd root of a negative number is negative."""
    plain = _float(value).abs().pow(1 / _float(degree))
    odd = _float(degree) % 2 == 1
    return pl.when(_float(value) >= 0).then(plain).when(odd).then(-plain)


def _scaled(value: pl.Expr, digits: pl.Expr, how: Callable[[pl.Expr], pl.Expr]) -> pl.Expr:
    scale = pl.lit(10.0).pow(_float(digits))
    return how(_float(value) * scale) / scale


def _half_away(value: pl.Expr) -> pl.Expr:
    return value.round(0, mode="half_away_from_zero")


def _truncated(value: pl.Expr) -> pl.Expr:
    return _sign(value) * _float(value).abs().floor()


def _away(value: pl.Expr) -> pl.Expr:
    return _sign(value) * _float(value).abs().ceil()


def _of_degrees(function: One) -> One:
    return lambda value: function(_float(value) * (math.pi / 180))


def _in_degrees(function: One) -> One:
    return lambda value: function(value) * (180 / math.pi)


_ONE: dict[str, One] = {
    "Abs": lambda x: x.abs(),
    "CubeRoot": lambda x: _float(x).cbrt(),
    "DoubleFactorial": _each(_double_factorial),
    "Eps": _each(math.ulp),
    "Exp": lambda x: _float(x).exp(),
    "Exp2": lambda x: pl.lit(2.0).pow(_float(x)),
    "ExpMinus1": _each(math.expm1),
    "Factorial": _each(_factorial),
    "Ln": lambda x: _float(x).log(),
    "LnPlus1": lambda x: _float(x).log1p(),
    "Log10": lambda x: _float(x).log(10),
    "Log2": lambda x: _float(x).log(2),
    "Sqrt": lambda x: _float(x).sqrt(),
    "SqrtPi": lambda x: (_float(x) * math.pi).sqrt(),
    "Square": lambda x: x * x,
    "Ceiling": lambda x: _float(x).ceil(),
    "CeilingPower2": _power_of_two_above,
    "Floor": lambda x: _float(x).floor(),
    "ToEven": _towards_even,
    "ToOdd": _towards_odd,
    "Truncate": _truncated,
    "Erf": _each(math.erf),
    "Erfc": _each(math.erfc),
    "Gamma": _each(math.gamma),
    "GammaLn": _each(math.lgamma),
    "Sin": lambda x: _float(x).sin(),
    "Cos": lambda x: _float(x).cos(),
    "Tan": lambda x: _float(x).tan(),
    "Cot": lambda x: 1 / _float(x).tan(),
    "Sec": lambda x: 1 / _float(x).cos(),
    "Csc": lambda x: 1 / _float(x).sin(),
    "Sinh": lambda x: _float(x).sinh(),
    "Cosh": lambda x: _float(x).cosh(),
    "Tanh": lambda x: _float(x).tanh(),
    "Coth": lambda x: 1 / _float(x).tanh(),
    "Sech": lambda x: 1 / _float(x).cosh(),
    "Csch": lambda x: 1 / _float(x).sinh(),
    "Asin": lambda x: _float(x).arcsin(),
    "Acos": lambda x: _float(x).arccos(),
    "Atan": lambda x: _float(x).arctan(),
    "Acot": lambda x: pl.lit(math.pi / 2) - _float(x).arctan(),
    "Asec": lambda x: (1 / _float(x)).arccos(),
    "Acsc": lambda x: (1 / _float(x)).arcsin(),
    "Asinh": lambda x: _float(x).arcsinh(),
    "Acosh": lambda x: _float(x).arccosh(),
    "Atanh": lambda x: _float(x).arctanh(),
    "Acoth": lambda x: (1 / _float(x)).arctanh(),
    "Asech": lambda x: (1 / _float(x)).arccosh(),
    "Acsch": lambda x: (1 / _float(x)).arcsinh(),
    "DegreesToRadians": lambda x: _float(x) * (math.pi / 180),
    "RadiansToDegrees": lambda x: _float(x) * (180 / math.pi),
    "Sinc": lambda x: pl.when(_float(x) == 0).then(1.0).otherwise(_float(x).sin() / _float(x)),
}
_ONE |= {f"{name}Degrees": _of_degrees(_ONE[name]) for name in ("Sin", "Cos", "Tan", "Cot", "Sec", "Csc")}
_ONE |= {f"{name}Degrees": _in_degrees(_ONE[name]) for name in ("Asin", "Acos", "Atan", "Acot", "Asec", "Acsc")}

_TWO: dict[str, Two] = {
    "Atan2": lambda y, x: pl.arctan2(_float(y), _float(x)),
    "Hypotenuse": lambda a, b: (_float(a) ** 2 + _float(b) ** 2).sqrt(),
    "Log": _logarithm,
    "NthRoot": _root,
    "Pow": lambda a, b: _float(a).pow(_float(b)),
    "EqualTo": lambda a, b: a == b,
    "NotEqualTo": lambda a, b: a != b,
    "GreaterThan": lambda a, b: a > b,
    "GreaterThanOrEqualTo": lambda a, b: a >= b,
    "LessThan": lambda a, b: a < b,
    "LessThanOrEqualTo": lambda a, b: a <= b,
    "PairMax": lambda a, b: pl.when(a.is_not_null() & b.is_not_null()).then(pl.max_horizontal(a, b)),
    "PairMin": lambda a, b: pl.when(a.is_not_null() & b.is_not_null()).then(pl.min_horizontal(a, b)),
    "Add": lambda a, b: a + b,
    "Subtract": lambda a, b: a - b,
    "Multiply": lambda a, b: a * b,
    "Divide": lambda a, b: _float(a) / _float(b),
    "Mod": lambda a, b: _float(a) - _float(b) * (_float(a) / _float(b)).floor(),
    "Quotient": lambda a, b: _truncated(_float(a) / _float(b)),
    "Remainder": lambda a, b: _float(a) - _float(b) * _truncated(_float(a) / _float(b)),
    "RoundDigits": lambda a, b: _scaled(a, b, _half_away),
    "RoundDown": lambda a, b: _scaled(a, b, _truncated),
    "RoundUp": lambda a, b: _scaled(a, b, _away),
    "ToMultiple": lambda a, b: _half_away(_float(a) / _float(b)) * _float(b),
    "Beta": _pair(lambda a, b: math.exp(_log_beta(a, b))),
    "BetaLn": _pair(_log_beta),
}
