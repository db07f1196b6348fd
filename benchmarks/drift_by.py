"""Two tables of eight features compared, by one tool: `python drift_by.py TOOL BASELINE TARGET`, each with the interpreter that has the tool.

Printed: {"seconds", "cpu", "megabytes"}; seconds: of reading and computing, without imports; cpu: of all threads, for the same; megabytes: the most that
the process held.

ours       sketches; stability index, Jensen-Shannon, KS test and normalised Wasserstein distance of every feature
floor      the same columns only read, by DuckDB (the least of each)
polars     by hand: a lazy plan of counts by value or by 4,096 bins, and the KS statistic of them; it computes the least of all
evidently  DataDriftPreset, as it comes
nannyml    UnivariateDriftCalculator, one chunk: Jensen-Shannon, KS, Wasserstein
alibi      KSDrift
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from held import most_megabytes

FEATURES = ("Pregnancies", "PlasmaGlucose", "DiastolicBloodPressure", "TricepsThickness", "SerumInsulin", "BMI", "DiabetesPedigree", "Age")
BINS = 4096


def _ours(baseline: str, target: str) -> Callable[[], Any]:
    import duckdb  # noqa: F401  its import is no part of the work

    from azurine.drift.comparing import Asked, compare
    from azurine.guest.drift.reading import read

    both = {"population_stability_index": 0.1, "jensen_shannon_distance": 0.1}
    numerical = both | {"two_sample_kolmogorov_smirnov_test": 0.05, "normalized_wasserstein_distance": 0.1}
    thresholds = {"numerical": numerical, "categorical": both}

    def work() -> Any:
        mine = read(baseline, FEATURES)
        rows = compare(mine.table, read(target, FEATURES, types=mine.types).table, Asked(FEATURES, thresholds, dict.fromkeys(FEATURES, "numerical")))
        if len(rows) != 4 * len(FEATURES) or any(row.value is None for row in rows):
            raise SystemExit("not everything was measured")
        return rows

    return work


def _floor(baseline: str, target: str) -> Callable[[], Any]:
    import duckdb

    def work() -> None:
        with duckdb.connect() as engine:
            for path in (baseline, target):
                source = f"read_{'parquet' if path.endswith('parquet') else 'csv'}('{path}')"
                engine.execute(f"SELECT {', '.join(f'min({name})' for name in FEATURES)} FROM {source}").fetchall()

    return work


def _polars(baseline: str, target: str) -> Callable[[], Any]:
    import polars as pl

    def work() -> list[float]:
        sides = [pl.scan_parquet(path) if path.endswith("parquet") else pl.scan_csv(path) for path in (baseline, target)]
        bounds = [
            side.select(pl.all().min().name.suffix("<"), pl.all().max().name.suffix(">")).collect(engine="streaming").row(0, named=True)
            for side in sides
        ]
        plans = []
        for name in FEATURES:
            low, high = min(one[name + "<"] for one in bounds), max(one[name + ">"] for one in bounds)
            width = (high - low) / BINS or 1
            key = pl.col(name) if isinstance(low, int) else ((pl.col(name) - low) / width).floor()
            plans += [side.group_by(key.alias("key")).len() for side in sides]
        counts = pl.collect_all(plans, engine="streaming")
        return [_distance(*counts[place : place + 2]) for place in range(0, len(counts), 2)]

    def _distance(one: Any, other: Any) -> float:
        both = one.join(other, on="key", how="full", coalesce=True).fill_null(0).sort("key")
        shares = (both[name].cum_sum() / both[name].sum() for name in ("len", "len_right"))
        return float((next(shares) - next(shares)).abs().max())

    return work


def _evidently(baseline: str, target: str) -> Callable[[], Any]:
    from evidently import Report
    from evidently.presets import DataDriftPreset

    return lambda: Report([DataDriftPreset()]).run(_frame(target), _frame(baseline)).dict()


def _nannyml(baseline: str, target: str) -> Callable[[], Any]:
    import nannyml

    def work() -> Any:
        frame, other = _frame(baseline), _frame(target)
        calculator = nannyml.UnivariateDriftCalculator(
            column_names=list(FEATURES), continuous_methods=["jensen_shannon", "kolmogorov_smirnov", "wasserstein"], chunk_size=len(other)
        )
        return calculator.fit(frame).calculate(other).to_df()

    return work


def _alibi(baseline: str, target: str) -> Callable[[], Any]:
    from alibi_detect.cd import KSDrift

    return lambda: KSDrift(_frame(baseline).to_numpy(), p_val=0.05).predict(_frame(target).to_numpy())


def _frame(path: str) -> Any:
    import pandas

    return pandas.read_parquet(path) if path.endswith("parquet") else pandas.read_csv(path)


TOOLS = {"ours": _ours, "floor": _floor, "polars": _polars, "evidently": _evidently, "nannyml": _nannyml, "alibi": _alibi}


def main(tool: str, baseline: str, target: str) -> None:
    work = TOOLS[tool](baseline, target)
    began, busy = time.perf_counter(), time.process_time()
    work()
    seconds, cpu = time.perf_counter() - began, time.process_time() - busy
    print(json.dumps({"seconds": seconds, "cpu": cpu, "megabytes": most_megabytes()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
