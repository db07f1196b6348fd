"""How much each feature matters for a target column: a LightGBM model learns the target, and a feature's share is its mean absolute SHAP value.

The rules of the open components: at most five levels, 200 trees, learning rate 0.1, seed 777; texts are categories; of very many rows a sample, always the
same one. LightGBM computes the SHAP values itself. It needs LightGBM and pandas (the extra `ml`), and runs in a process of its own.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from azurine.drift import roles
from azurine.guest.drift import columns, lines, opening, reading
from azurine.guest.drift.sources import named
from azurine.model.errors import Invalid

ROWS = 50_000
LEAST = 20
"""Rows that have a target: from fewer, nothing is learnt."""
SETTINGS = {
    "learning_rate": 0.1,
    "max_depth": 5,
    "n_estimators": 200,
    "random_state": 777,
    "verbosity": -1,
    "deterministic": True,
    "force_row_wise": True,
    "n_jobs": 1,
}
SEED = 777
MOST = 100
"""Classes: each has a model of its own."""
NUMBERS = ("integer", "number")


def importance(path: str, target: str, features: Sequence[str], task: str = "") -> Mapping[str, float]:
    """By feature, in the order given. task: classification or regression; judged by the target, when "". Raises Invalid when nothing can be learnt."""
    frame, types = _taken(path, [target, *features])
    if target not in types:
        raise Invalid(f"there is no column {target!r} to learn; there are: {', '.join(sorted(types)) or 'none'}", path=path)
    known = [name for name in features if name in types]
    frame = frame[frame[target].notna()]
    if len(frame) < LEAST or not known:
        raise Invalid(f"not enough rows to learn {target!r} from: {len(frame)}, and {LEAST} would be needed", path=path)
    classes = task == "classification" if task else _few(frame[target], types[target])
    if not classes and types[target] not in NUMBERS:
        raise Invalid(f"{target!r} is {types[target]}, and a regression learns numbers", path=path)
    if classes and frame[target].nunique() > MOST:
        raise Invalid(f"{target!r} has {frame[target].nunique()} different values; as classes, at most {MOST} are learnt", path=path)
    return dict(zip(known, _learnt(frame, target, known, types, classes), strict=True))


def _learnt(frame: Any, target: str, known: Sequence[str], types: Mapping[str, str], classes: bool) -> list[float]:
    import numpy
    from lightgbm import LGBMClassifier, LGBMRegressor

    shown = frame[list(known)].rename(columns={name: f"f{place}" for place, name in enumerate(known)})
    for place, name in enumerate(known):
        if types[name] not in NUMBERS:
            values = shown[f"f{place}"]
            shown[f"f{place}"] = values.astype("str").where(values.notna()).astype("category")
    wanted = frame[target].astype("str") if classes else frame[target].astype("float64")
    model = (LGBMClassifier if classes else LGBMRegressor)(**SETTINGS).fit(shown, wanted)
    shares: Any = numpy.abs(model.booster_.predict(shown, pred_contrib=True, num_threads=1))
    # For several classes they stand side by side, each with the expected value behind its features.
    each = shares.reshape(len(shown), -1, len(known) + 1)[:, :, :-1]
    return [float(value) for value in each.mean(axis=(0, 1))]


def _few(values: Any, type: str) -> bool:
    return type not in NUMBERS or (type == "integer" and values.nunique() / len(values) < roles.FEW)


def _taken(path: str, wanted: Sequence[str]) -> tuple[Any, dict[str, str]]:
    import duckdb
    import pandas

    source = opening.find(path)
    if not source.files:
        return pandas.DataFrame(), {}
    with reading.engine(threads=1, ordered=True) as engine:
        try:
            relation = opening.opened(engine, source)
            stored = lines.described(engine, relation)
            present = [name for name in dict.fromkeys(wanted) if name in stored]
            if not present:
                return pandas.DataFrame(), {}
            asked = f"SELECT {', '.join(map(named, present))} FROM {relation}"
            total = engine.execute(f"SELECT count(*) FROM ({asked})").fetchone()[0]
            if total > ROWS:
                asked += f" USING SAMPLE reservoir({ROWS} ROWS) REPEATABLE ({SEED})"
            values = engine.execute(asked).fetchnumpy()
        except duckdb.Error as error:
            raise Invalid(reading.first_line(error), path=path) from error
    types = {name: columns.type_of(stored[name]) for name in present}
    plain = {name: "float64" if types[name] in NUMBERS else "object" for name in present}
    return pandas.DataFrame({name: pandas.Series(values[name].tolist(), dtype=plain[name]) for name in present}), types
