import pytest

from azurine.designer import components, trying
from azurine.model.errors import Invalid

ROWS = {"x": [1, 2], "y": ["a", None]}


def test_a_table_passes_by():
    assert trying.rows(trying.outputs("web_service_output", {"dataset": trying.table(ROWS)})["results_dataset"]) == ROWS


def test_the_name_in_requests_is_known():
    assert components.find("web_service_output").parameters["parameter_name"]["default"] == "WebServiceOutput0"
    with pytest.raises(Invalid, match="Web Service Output: parameter_name: a name is needed"):
        trying.outputs("web_service_output", {"dataset": trying.table(ROWS)}, {"parameter_name": " "})
