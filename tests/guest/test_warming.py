"""Which kind of step a program makes."""

from pathlib import Path

import pytest

from azurine.guest import warming


@pytest.mark.parametrize(
    ("files", "command", "kind"),
    [
        ({}, "python -m package", warming.PLAIN),
        ({"train.py": "import json"}, "python train.py", warming.PLAIN),
        ({"train.py": "import pandas as pd"}, "python train.py", warming.NUMBERS),
        ({"train.py": "from sklearn.svm import SVC"}, "python train.py", warming.NUMBERS),
        ({"train.py": "import own.part", "own/part.py": "import numpy"}, "python train.py", warming.NUMBERS),
        ({"train.py": "import pandas, mlflow"}, "python train.py", warming.TRACKING),
        ({"train.py": "from matplotlib import pyplot"}, "python train.py", warming.TRACKING),
        (
            {"train.py": "import json", "notes.txt": "mlflow", ".hidden/x.py": "mlflow", "__pycache__/y.py": "mlflow"},
            "python train.py",
            warming.PLAIN,
        ),
        ({}, "python -m mlflow run", warming.TRACKING),
        ({"train.py": "#" * (warming.READ + 1)}, "python train.py", warming.TRACKING),
    ],
)
def test_the_kind_is_told_by_the_words(tmp_path: Path, files: dict[str, str], command: str, kind: warming.Kind) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert warming.kind_of(tmp_path, command) is kind


def test_a_step_that_sets_what_is_read_at_the_start_gets_no_zygote(tmp_path: Path) -> None:
    assert warming.zygote(tmp_path, "/no/such/python", {"OMP_NUM_THREADS": "17"}) is None
    assert not list(tmp_path.iterdir()), "and none is started for it"
