import datetime

import pytest

from azurine.designer import trying
from azurine.model.errors import Invalid

ARFF = """% iris
@relation iris
@attribute 'sepal length' numeric
@attribute class {setosa, 'iris virginica'}
@attribute seen date
@attribute count integer
@data
5.1, setosa, 2020-01-02 03:04:05, 3
?, 'iris virginica', ?, 4
"""


def entered(data, **given):
    return trying.outputs("enter_data_manually", {}, {"data": data, **given})["dataset"]


@pytest.mark.parametrize(
    ("data", "given", "expected"),
    [
        ("a,b\n1,x\n2,", {}, {"a": [1, 2], "b": ["x", None]}),
        ("a\tb\n1\tx,y", {"data_format": "TSV"}, {"a": [1], "b": ["x,y"]}),
        ("1,x", {"has_header": "false"}, {"Column1": [1], "Column2": ["x"]}),
        ("1 1:0.5 3:2\n-1 2:1 # note\n", {"data_format": "SvmLight"}, {"Labels": [1, -1], "Col1": [0.5, 0], "Col2": [0, 1], "Col3": [2, 0]}),
    ],
)
def test_formats(data, given, expected):
    assert trying.rows(entered(data, **given)) == expected


def test_arff_has_names_types_and_categories():
    table = entered(ARFF, data_format="ARFF")
    assert [one.kind for one in table.columns] == ["Numeric", "Categorical", "DateTime", "Numeric"]
    assert trying.rows(table) == {
        "sepal length": [5.1, None],
        "class": ["setosa", "iris virginica"],
        "seen": [datetime.datetime(2020, 1, 2, 3, 4, 5), None],
        "count": [3, 4],
    }


@pytest.mark.parametrize(
    ("data", "given", "message"),
    [
        ("  ", {}, "Enter Data Manually: data: there is no text"),
        ("nonsense", {"data_format": "ARFF"}, "line 1 is neither @attribute nor @data"),
        ("@attribute a numeric\n@data\n1,2", {"data_format": "ARFF"}, "line 3 has 2 values, and there are 1 attributes"),
        ("@attribute a numeric\n@data\nx", {"data_format": "ARFF"}, "a value does not have its attribute's type"),
        ("1 x", {"data_format": "SvmLight"}, "line 1 is not `label index:value …`"),
        ("a,b\n1\n1,2,3", {}, "the text is not CSV"),
    ],
)
def test_wrong_text_is_named(data, given, message):
    with pytest.raises(Invalid, match=message):
        entered(data, **given)
