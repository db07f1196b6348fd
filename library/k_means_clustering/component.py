"""K-Means Clustering: a learner. Groups of rows around centres, which are moved until they stay.

Where the centres are at first: Random (rows drawn by chance), K-Means++ (rows far from each other), First N (the first rows), Evenly (rows
at equal distances in the table), Use label column (the mean row of each value of the label, most frequent values first).
The metric Cosine compares directions: rows are divided by their length, and distances are those between the points on the unit sphere.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from azurine.designer.bench import Bench
from azurine.designer.components import Outputs
from azurine.designer.learning import learners, libraries
from azurine.designer.parameters import Parameters
from azurine.designer.ports import Port
from azurine.model.errors import Invalid


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Outputs:
    return {"untrained_model": learners.untrained("k_means_clustering", "clustering", parameters)}


def build(said: Mapping[str, Any], rows: Any, answers: Any) -> Any:
    """answers: the values of the label, where there is one."""
    cosine, count = said["metric"] == "Cosine", said["number_of_centroids"]
    if rows.shape[0] < count:
        raise Invalid(
            f"K-Means Clustering: number_of_centroids: there are {rows.shape[0]} rows, too few for {count} groups", path="number_of_centroids"
        )
    sphere = libraries.load("sklearn.preprocessing").Normalizer()
    estimator = libraries.load("sklearn.cluster").KMeans(
        n_clusters=count,
        init=_centres(said, sphere.transform(rows) if cosine else rows, answers),
        n_init=1,
        max_iter=said["iterations"],
        random_state=learners.seed(said),
    )
    return libraries.load("sklearn.pipeline").make_pipeline(sphere, estimator) if cosine else estimator


def _centres(said: Mapping[str, Any], rows: Any, answers: Any) -> Any:
    count, chosen = said["number_of_centroids"], said["initialization"]
    if chosen == "Random":
        return "random"
    if chosen == "First N":
        return rows[:count]
    if chosen == "Evenly":
        return rows[[place * rows.shape[0] // count for place in range(count)]]
    if chosen != "Use label column":
        return "k-means++"
    if answers is None:
        raise _wrong(said, "there is no label column; mark one with Edit Metadata")
    values = [value for value, _ in sorted(Counter(one for one in answers if one is not None).items(), key=lambda item: (-item[1], str(item[0])))]
    if len(values) < count:
        raise _wrong(said, f"the label has {len(values)} values, too few for {count} groups")
    numpy = libraries.load("numpy")
    return numpy.array([rows[[place for place, one in enumerate(answers) if one == value]].mean(axis=0) for value in values[:count]])


def _wrong(said: Mapping[str, Any], message: str) -> Invalid:
    return Invalid(f"K-Means Clustering: initialization: {message} (given: {said['initialization']!r})", path="initialization")
