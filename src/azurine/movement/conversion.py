"""Values of one column made another type: Data Factory's interim types, from texts and between each other.

What cannot be converted becomes nothing, and `wrong` tells where that happened: those rows do not fit.
https://learn.microsoft.com/azure/data-factory/copy-activity-schema-and-type-mapping#data-type-conversion
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from azurine.movement import delimited

TYPES: Mapping[str, pl.DataType] = {
    "string": pl.String(),
    "char": pl.String(),
    "guid": pl.String(),
    "byte": pl.UInt8(),
    "sbyte": pl.Int8(),
    "int16": pl.Int16(),
    "short": pl.Int16(),
    "int32": pl.Int32(),
    "int": pl.Int32(),
    "int64": pl.Int64(),
    "long": pl.Int64(),
    "single": pl.Float32(),
    "double": pl.Float64(),
    "float": pl.Float64(),
    "decimal": pl.Decimal(38, 10),
    "boolean": pl.Boolean(),
    "bool": pl.Boolean(),
    "datetime": pl.Datetime("us"),
    "datetimeoffset": pl.Datetime("us", "UTC"),
    "date": pl.Date(),
    "timespan": pl.Duration("us"),
    "byte[]": pl.Binary(),
}
_MOMENTS = (
    "%Y-%m-%dT%H:%M:%S%.f%#z",
    "%Y-%m-%d %H:%M:%S%.f%#z",
    "%Y-%m-%dT%H:%M:%S%.fZ",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %H:%M",
)
_DAYS = ("%Y-%m-%d", "%m/%d/%Y", "%Y%m%d", "%d %B %Y", "%Y/%m/%d")
_NET = {
    "yyyy": "%Y",
    "yy": "%y",
    "MMMM": "%B",
    "MMM": "%b",
    "MM": "%m",
    "M": "%-m",
    "dddd": "%A",
    "ddd": "%a",
    "dd": "%d",
    "d": "%-d",
    "HH": "%H",
    "H": "%-H",
    "hh": "%I",
    "h": "%-I",
    "mm": "%M",
    "m": "%-M",
    "ss": "%S",
    "s": "%-S",
    "tt": "%p",
    "zzz": "%:z",
    "K": "%#z",
}
_TOKEN = re.compile(r"'([^']*)'|\\(.)|(\.?)([fF]{1,7})|(y{1,4}|M{1,4}|d{1,4}|H{1,2}|h{1,2}|m{1,2}|s{1,2}|tt|zzz|K)|(.)", re.DOTALL)
_TRUE, _FALSE = ("true", "1"), ("false", "0")


@dataclass(frozen=True, slots=True)
class Manner:
    """typeConversionSettings. moment: a format of .NET for dates. truncates: may a part of a value be lost? numbers: is true 1?"""

    moment: str = ""
    truncates: bool = True
    numbers: bool = False


def manner(settings: Mapping[str, Any]) -> Manner:
    said = settings.get("typeConversionSettings") or {}
    return Manner(str(said.get("dateTimeFormat") or ""), said.get("allowDataTruncation") is not False, bool(said.get("treatBooleanAsNumber")))


def known(name: Any) -> pl.DataType | None:
    """The type of an interim type's name; None when it is none."""
    return TYPES.get(str(name or "").lower().removeprefix("system."))


def convert(frame: pl.DataFrame, name: str, to: pl.DataType, how: Manner) -> pl.Series:
    """The column, converted; what cannot be is null."""
    given = frame.schema[name]
    if given == to:
        return frame[name]
    column = pl.col(name)
    return frame.select(_converted(column, given, to, how).alias(name)).to_series()


def wrong(before: pl.Series, after: pl.Series) -> pl.Series:
    """Where a value was, and is no more."""
    return after.is_null() & before.is_not_null()


def format_of(net: str) -> str:
    """A date format of .NET in the words of strftime."""
    made = []
    for quoted, escaped, dot, parts, token, other in _TOKEN.findall(net):
        if parts:
            made.append(f"%{dot}f" if dot else f"%{len(parts) if len(parts) in (3, 6) else 9}f")
        elif token:
            made.append(_NET.get(token, token))
        else:
            made.append((quoted or escaped or other).replace("%", "%%"))
    return "".join(made)


def _converted(column: pl.Expr, given: pl.DataType, to: pl.DataType, how: Manner) -> pl.Expr:
    if given == pl.String:
        return _from_text(column.str.strip_chars() if to != pl.String else column, to, how)
    if to == pl.String:
        if how.moment and given in (pl.Datetime, pl.Date):
            return column.dt.strftime(format_of(how.moment))
        return delimited.as_text(column, given)
    if given == pl.Boolean and to.is_numeric() and not how.numbers:
        return column.cast(to, strict=False)
    if given.is_float() and to.is_integer() and not how.truncates:
        return pl.when(column == column.round(0)).then(column.cast(to, strict=False))
    return column.cast(to, strict=False)


def _from_text(column: pl.Expr, to: pl.DataType, how: Manner) -> pl.Expr:
    match to:
        case pl.Boolean():
            small = column.str.to_lowercase()
            return pl.when(small.is_in(_TRUE)).then(True).when(small.is_in(_FALSE)).then(False)
        case pl.Datetime():
            return _moment(column, to, how)
        case pl.Date():
            formats = [format_of(how.moment)] if how.moment else _DAYS
            return pl.coalesce(*(column.str.to_date(one, strict=False) for one in formats), _moment(column, pl.Datetime("us"), how).dt.date())
        case pl.Duration():
            parts = column.str.extract_groups(r"^(?:(\d+)\.)?(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,7}))?)?$")
            days, hours, minutes, seconds = (parts.struct.field(str(number)).cast(pl.Int64) for number in (1, 2, 3, 4))
            return pl.when(hours.is_not_null()).then(
                pl.duration(days=days.fill_null(0), hours=hours, minutes=minutes, seconds=seconds.fill_null(0), time_unit="us")
            )
        case pl.Binary():
            return column.str.decode("base64", strict=False)
    if to.is_integer():
        # A number such as 3.0 is an integer, when nothing is lost.
        real = column.cast(pl.Float64, strict=False)
        return pl.coalesce(column.cast(to, strict=False), pl.when(real == real.round(0)).then(real.cast(to, strict=False)))
    return column.cast(to, strict=False)


def _moment(column: pl.Expr, to: pl.DataType, how: Manner) -> pl.Expr:
    zone = getattr(to, "time_zone", None)
    formats = (format_of(how.moment),) if how.moment else _MOMENTS
    read = []
    for one in formats:
        is_zoned = any(mark in one for mark in ("%#z", "%:z", "%z"))
        parsed = column.str.to_datetime(one, strict=False, time_unit="us", time_zone="UTC" if is_zoned else None)
        if is_zoned:
            read.append(parsed if zone else parsed.dt.replace_time_zone(None))
        else:
            read.append(parsed.dt.replace_time_zone("UTC") if zone else parsed)
    if not how.moment:
        for one in _DAYS:
            day = column.str.to_date(one, strict=False).cast(pl.Datetime("us"))
            read.append(day.dt.replace_time_zone("UTC") if zone else day)
    return pl.coalesce(*read)
