import pytest

from azurine.designer import trying
from azurine.designer.tables import Column
from azurine.model.errors import Invalid


def table(values):
    return trying.table(values, [Column("Risk", None, categorical=True)])


RISKS = table({"Id": [1, 2, 3, 4], "Risk": ["Low", "High", None, "Low"]})


@pytest.mark.parametrize(("overwrite", "kept"), [("false", {"Risk": ["Low", "High", None, "Low"]}), ("true", {})])
def test_a_column_for_each_value(overwrite, kept):
    given = {"categorical_columns_to_convert": "Risk", "overwrite_categorical_columns": overwrite}
    found = trying.outputs("convert_to_indicator_values", {"dataset": RISKS}, given)["results_dataset"]
    assert trying.rows(found) == {"Id": [1, 2, 3, 4], **kept, "Risk-High": [0, 1, 0, 0], "Risk-Low": [1, 0, 0, 1]}


def test_the_values_that_were_found_are_found_again():
    learned = trying.outputs("convert_to_indicator_values", {"dataset": RISKS}, {"categorical_columns_to_convert": "Risk"})[
        "indicator_values_transformation"
    ]
    other = table({"Risk": ["Medium", "Low"]})
    found = trying.outputs("apply_transformation", {"transformation": learned, "dataset": other})["transformed_dataset"]
    assert trying.rows(found) == {"Risk": ["Medium", "Low"], "Risk-High": [0, 0], "Risk-Low": [0, 1]}


def test_columns_must_be_categorical():
    with pytest.raises(Invalid, match="categorical_columns_to_convert: 'Id' must be categorical; make them so with Edit Metadata"):
        trying.outputs("convert_to_indicator_values", {"dataset": RISKS}, {"categorical_columns_to_convert": "Id"})
