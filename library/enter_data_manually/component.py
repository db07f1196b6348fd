"""Enter Data Manually: a small table from text, as CSV, TSV, ARFF or SvmLight.

ARFF: attributes are numeric, string, date or {one, of, these}, which are categories; `?` is missing. SvmLight: `label index:value …`,
with columns Labels, Col1, Col2 …; what is not said is 0.
"""

import csv
import io
import re
from collections.abc import Mapping

import polars as pl

from azurine.designer import csv_files, tables
from azurine.designer.bench import Bench
from azurine.designer.components import Outputs
from azurine.designer.parameters import Parameters, clipped
from azurine.designer.ports import Port
from azurine.designer.tables import Column, Table
from azurine.model.errors import Invalid

_ATTRIBUTE = re.compile(r"""@attribute\s+(?:'(?P<single>[^']*)'|"(?P<double>[^"]*)"|(?P<plain>\S+))\s+(?P<type>.+)""", re.I)
_MOST = 10_000_000


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Outputs:
    text = parameters.text("data")
    if not text.strip():
        raise parameters.wrong("data", "there is no text")
    if len(text) > _MOST:
        raise parameters.wrong("data", f"the text is longer than {_MOST} characters; put it into a datastore and import it")
    make = {"CSV": _separated, "TSV": _separated, "ARFF": _arff, "SvmLight": _svm_light}[parameters.text("data_format")]
    return {"dataset": make(text, parameters, bench)}


def _separated(text: str, parameters: Parameters, bench: Bench) -> Table:
    separator = "\t" if parameters.text("data_format") == "TSV" else ","
    path = bench.folder / "entered.txt"
    path.write_text(text if text.endswith("\n") else text + "\n", encoding="utf-8")
    try:
        return tables.without_nan(tables.of(csv_files.scan([path], separator, parameters.flag("has_header"), sample=None).collect()))
    except (Invalid, pl.exceptions.PolarsError) as error:
        raise parameters.wrong("data", f"the text is not {parameters.text('data_format')}: {error}") from error


def _arff(text: str, parameters: Parameters, bench: Bench) -> Table:
    names: list[str] = []
    types: list[str] = []
    rows: list[list[str | None]] = []
    in_data = False
    for number, line in enumerate(text.splitlines(), start=1):
        said = line.strip()
        if not said or said.startswith("%") or said.lower().startswith("@relation"):
            continue
        if said.lower() == "@data":
            in_data = True
        elif in_data:
            rows.append(_arff_row(said, number, len(names), parameters))
        elif found := _ATTRIBUTE.fullmatch(said):
            names.append(found["single"] or found["double"] or found["plain"])
            types.append(found["type"].strip())
        else:
            raise parameters.wrong("data", f"line {number} is neither @attribute nor @data: {clipped(said)}")
    if not names:
        raise parameters.wrong("data", "there is no @attribute")
    names = tables.unique_names(names)
    frame = pl.DataFrame({name: pl.Series([row[place] for row in rows], dtype=pl.String) for place, name in enumerate(names)})
    known = {name: Column(name, pl.String(), categorical=type_.startswith("{")) for name, type_ in zip(names, types, strict=True)}
    try:
        return tables.of(frame.with_columns(_typed(name, type_) for name, type_ in zip(names, types, strict=True)), known)
    except pl.exceptions.PolarsError as error:
        raise parameters.wrong("data", f"a value does not have its attribute's type: {error}") from error


def _arff_row(said: str, number: int, count: int, parameters: Parameters) -> list[str | None]:
    if said.startswith("{"):
        raise parameters.wrong("data", f"line {number}: sparse ARFF is not read; write every value")
    row = next(csv.reader(io.StringIO(said), quotechar="'", skipinitialspace=True))
    if len(row) != count:
        raise parameters.wrong("data", f"line {number} has {len(row)} values, and there are {count} attributes")
    return [None if one.strip() == "?" else one.strip() for one in row]


def _typed(name: str, type_: str) -> pl.Expr:
    sort = type_.split()[0].lower()
    if sort in ("numeric", "real"):
        return pl.col(name).cast(pl.Float64)
    if sort == "integer":
        return pl.col(name).cast(pl.Int64)
    return pl.col(name).str.to_datetime(time_unit="us") if sort == "date" else pl.col(name)


def _svm_light(text: str, parameters: Parameters, bench: Bench) -> Table:
    labels: list[float] = []
    rows: list[dict[int, float]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        said = line.split("#")[0].split()
        if not said:
            continue
        try:
            labels.append(float(said[0]))
            rows.append({int(one.split(":")[0]): float(one.split(":")[1]) for one in said[1:] if not one.startswith("qid:")})
        except (ValueError, IndexError) as error:
            raise parameters.wrong("data", f"line {number} is not `label index:value …`: {clipped(line)}") from error
        if rows[-1] and not 1 <= min(rows[-1]) <= max(rows[-1]) <= 100_000:
            raise parameters.wrong("data", f"line {number}: indexes are counted from 1, up to 100000")
    width = max((max(row, default=0) for row in rows), default=0)
    columns = {f"Col{index}": [row.get(index, 0.0) for row in rows] for index in range(1, width + 1)}
    return tables.of(pl.DataFrame({"Labels": labels, **columns}), {"Labels": Column("Labels", pl.Float64(), label=True)})
