"""Outputs that are values: what a step wrote, and the value that it is."""

import pytest

from azurine.ml.jobs import outputs
from azurine.model.errors import Invalid


def planned(control: str) -> dict[str, dict[str, str]]:
    return {"x": {"type": "uri_file", "uri": "azureml://datastores/d/paths/x", "control": control}, "data": {"type": "uri_folder", "uri": "u"}}


@pytest.mark.parametrize(
    ("control", "text", "value"),
    [
        ("boolean", "true\n", "True"),
        ("boolean", '"False"', "False"),
        ("integer", " 5 ", "5"),
        ("integer", '"5"', "5"),
        ("number", "1e-3", "0.001"),
        ("number", "7", "7"),
        ("string", '"two words"', "two words"),
        ("string", "two words\n", "two words"),
        ("string", '{"a": 1}', '{"a": 1}'),
        ("string", "", ""),
    ],
)
def test_the_value_that_is_written(control: str, text: str, value: str) -> None:
    assert outputs.spoken(planned(control), {"x": text}) == {"x": value}
    assert outputs.results(planned(control), {}, {"x": value})["x"]["value"] == value


@pytest.mark.parametrize(
    ("control", "text", "said"),
    [
        ("boolean", "1", "1 is not a boolean"),
        ("integer", "5.5", "5.5 is not an integer"),
        ("number", "[1]", "'.1.' is not a number"),
        ("number", "NaN", "not a number"),
        ("string", None, "the step wrote no value of the output x"),
    ],
)
def test_what_is_no_value_of_its_type(control: str, text: str | None, said: str) -> None:
    with pytest.raises(Invalid, match=said) as caught:
        outputs.spoken(planned(control), {"x": text})
    assert caught.value.path == "outputs.x"
