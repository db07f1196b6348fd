"""An MLflow model without a script: each file of a mini-batch is read and predicted by itself.

CSV and Parquet files become frames, images become arrays; any other file fails. The output has a line for each row: its number in the
file, the prediction, the name of the file.

A scikit-learn model is loaded by itself, without the rest of MLflow (`serving.models`). Large files go through in pieces, where the
model gives each row its own prediction: memory does not depend on the number of rows. A linear model is a sum over columns, so it is done
as one (`columns`) where the reader for that is installed.
"""

from __future__ import annotations

import importlib
import io
import os
from typing import TYPE_CHECKING, Any

from . import rows

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT, PARQUET = (".csv",), (".parquet", ".pqt")
IMAGES = (".png", ".jpg", ".jpeg", ".tiff", ".bmp", ".gif")
PIECE = 1 << 17
"""Rows that are predicted at once."""


class Unfit(Exception):
    """A file that cannot be given to the model."""


class Runner:
    def __init__(self, serving: str, order: dict[str, Any]) -> None:
        """serving: name of the package with the scoring server's modules. Raises what loading raises."""
        self._root = order["head"]["root"]
        self._models = importlib.import_module(serving + ".models")
        self._inputs = importlib.import_module(serving + ".inputs")
        self._path = order["mlflow"]
        about = self._models.about(self._path)
        self._signature = self._inputs.Signature.of(about)
        self._estimator = self._models.sklearn_model(self._path, about)
        self._pyfunc: Any = None
        if self._estimator is None:
            import mlflow.pyfunc

            self._pyfunc = mlflow.pyfunc.load_model(self._path)
        self._is_row_by_row = self._estimator is not None and self._models.is_row_by_row(self._estimator)

    def __call__(self, number: int, what: Any) -> Any:
        if what is None:
            return None
        names = what["items"]
        return len(names), rows.Lines(b"".join(self._file(name) for name in names), len(names))

    def _file(self, name: str) -> bytes:
        shown = os.path.basename(name)
        path = os.path.join(self._root, name)
        at, parts = 0, []
        for piece in self._pieces(path):
            found = _values(self._predicted(piece))
            parts.append(_lines(found, at, shown))
            at += len(found)
        return b"".join(parts)

    def _pieces(self, path: str) -> Iterator[Any]:
        ending = os.path.splitext(path)[1].lower()
        if ending in TEXT:
            import pandas

            if not self._is_row_by_row:
                yield pandas.read_csv(path)
                return
            with pandas.read_csv(path, chunksize=PIECE) as pieces:
                yield from pieces
        elif ending in PARQUET:
            yield from self._of_parquet(path)
        elif ending in IMAGES:
            yield _image(path)
        else:
            raise Unfit(f"{os.path.basename(path)} is neither CSV, Parquet nor an image; without a script, a model is given these")

    def _of_parquet(self, path: str) -> Iterator[Any]:
        if not self._is_row_by_row:
            import pandas

            yield pandas.read_parquet(path)
            return
        file = importlib.import_module("pyarrow.parquet").ParquetFile(path)
        columns = self._signature.columns
        wanted = [one for one in columns if one in file.schema_arrow.names] if columns else None
        for batch in file.iter_batches(batch_size=PIECE, columns=wanted):
            yield batch.to_pandas()

    def _predicted(self, piece: Any) -> Any:
        if self._pyfunc is not None:
            return self._pyfunc.predict(piece)
        if self._signature.columns is None or not hasattr(piece, "columns"):
            return self._estimator.predict(piece)
        return self._estimator.predict(self._signature.fitted(piece))


def _values(found: Any) -> Any:
    """Predictions as a list; the rows of a frame as lists."""
    if hasattr(found, "to_numpy"):
        found = found.to_numpy()
    values = found.tolist() if hasattr(found, "tolist") else list(found)
    return values if isinstance(values, list) else [values]


def _lines(values: list[Any], at: int, name: str) -> bytes:
    import csv

    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([(at + place, value, name) for place, value in enumerate(values)])
    return out.getvalue().encode()


def _image(path: str) -> Any:
    import numpy

    with importlib.import_module("PIL.Image").open(path) as image:
        return numpy.asarray(image)[None]
