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
import traceback
from typing import TYPE_CHECKING, Any

from . import columns, rows

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
        self._sum = columns.compiled(self._estimator, self._signature) if self._estimator is not None else None
        self._rows, self._parquet, self._hands = order["rows"], order["parquet"], order["hands"]
        self._made = 0

    def __call__(self, number: int, what: Any) -> Any:
        if what is None:
            return None
        paths: list[str] = []
        for name in what["items"]:
            paths += self._file(name)
        return len(what["items"]), rows.Files(paths, len(what["items"]))

    def _file(self, name: str) -> list[str]:
        """Where the predictions of a file are, in order."""
        path, shown = os.path.join(self._root, name), os.path.basename(name)
        if self._sum is not None and path.lower().endswith(PARQUET):
            target = self._target()
            if columns.scored(path, self._sum, target, shown, parquet=self._parquet) is not None:
                return [target]
        if self._is_row_by_row and self._hands > 1 and path.lower().endswith(PARQUET):
            return self._shared(path, shown)
        target = self._target()
        self._written(self._pieces(path), target, 0, shown)
        return [target]

    def _shared(self, path: str, shown: str) -> list[str]:
        """By several forks of this process, each some of the rows: what they write is in order of the rows."""
        count = importlib.import_module("pyarrow.parquet").ParquetFile(path).metadata.num_rows
        hands = max(1, min(self._hands, count // PIECE))
        bounds = [count * place // hands for place in range(hands + 1)]
        targets = [self._target() for _ in range(hands)]
        children = []
        for place in range(hands):
            # This process predicts nothing itself: threads that a library then starts would not stand the next fork.
            child = os.fork()
            if child == 0:
                self._written_and_gone(path, bounds[place], bounds[place + 1], targets[place], shown)
            children.append(child)
        codes = [os.waitpid(child, 0)[1] for child in children]
        if any(codes):
            raise Unfit(f"{shown} could not be predicted; the process's log says why")
        return targets

    def _written_and_gone(self, path: str, begin: int, end: int, target: str, shown: str) -> None:
        """In a fork. Never returns."""
        code = 1
        try:
            self._written(self._of_parquet(path, begin, end), target, begin, shown)
            code = 0
        except BaseException:  # noqa: BLE001 whatever it is, it must not pass into the parent's code
            traceback.print_exc()
        finally:
            os._exit(code)

    def _target(self) -> str:
        self._made += 1
        return f"{self._rows}.{self._made}"

    def _written(self, pieces: Iterator[Any], target: str, at: int, name: str) -> None:
        if self._parquet:
            self._written_as_table(pieces, target, at, name)
            return
        with open(target, "wb", buffering=1 << 20) as file:
            for piece in pieces:
                found = _values(self._predicted(piece))
                file.write(_lines(found, at, name))
                at += len(found)

    def _written_as_table(self, pieces: Iterator[Any], target: str, at: int, name: str) -> None:
        """The columns that the model does not take, and the prediction; the row and the file where there are no such columns."""
        arrow, parquet = importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
        taken = set(self._signature.columns or ())
        writer: Any = None
        try:
            for piece in pieces:
                found = self._predicted(piece)
                others = [] if not taken else [one for one in piece.columns if one not in taken]
                table = {one: piece[one] for one in others} or {"row": range(at, at + len(found)), "file": [name] * len(found)}
                table["prediction"] = found.ravel() if getattr(found, "ndim", 1) == 2 and found.shape[1] == 1 else found
                made = arrow.table(table)
                writer = writer or parquet.ParquetWriter(target, made.schema, compression="lz4")
                writer.write_table(made)
                at += len(found)
        finally:
            if writer is not None:
                writer.close()

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

    def _of_parquet(self, path: str, begin: int = 0, end: int = -1) -> Iterator[Any]:
        """The rows from `begin` to before `end`, in pieces."""
        if not self._is_row_by_row:
            import pandas

            yield pandas.read_parquet(path)
            return
        file = importlib.import_module("pyarrow.parquet").ParquetFile(path)
        known = self._signature.columns
        wanted = None if self._parquet or not known else [one for one in known if one in file.schema_arrow.names]
        end = file.metadata.num_rows if end < 0 else end
        at = 0
        for group in range(file.metadata.num_row_groups):
            count = file.metadata.row_group(group).num_rows
            if at < end and at + count > begin:
                here = at
                for batch in file.iter_batches(batch_size=PIECE, row_groups=[group], columns=wanted):
                    first, last = max(begin - here, 0), min(end - here, batch.num_rows)
                    here += batch.num_rows
                    if first < last:
                        yield batch.slice(first, last - first).to_pandas()
            at += count

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
