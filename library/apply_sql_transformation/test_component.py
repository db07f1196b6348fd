"""The engines are compared in tests/designer/test_sql.py; here is what a user sees."""

import pytest

from azurine.designer import trying
from azurine.model.errors import Invalid

PATIENTS = {"PatientID": [2, 1, 2, None], "BMI": [20.5, 30.0, 40.25, 1.0]}


def answered(query, **tables):
    inputs = {name: trying.table(values) for name, values in ({"t1": PATIENTS} | tables).items()}
    return trying.rows(trying.outputs("apply_sql_transformation", inputs, {"sql_query_script": query})["results_dataset"])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT PatientID, MAX(BMI) FROM t1 GROUP BY PatientID", {"PatientID": [None, 1, 2], "MAX(BMI)": [1.0, 30.0, 40.25]}),
        ("select * from t1", PATIENTS),
        (
            "select t1.PatientID, t2.Name, t3.Name from t1 join t2 using (PatientID) join t3 using (PatientID)",
            {"PatientID": [1], "Name": ["a"], "Name (2)": ["b"]},
        ),
        ("create table x as select BMI from t1 where BMI > 25; select count(*) as n from x", {"n": [2]}),
    ],
)
def test_queries(query, expected):
    assert answered(query, t2={"PatientID": [1], "Name": ["a"]}, t3={"PatientID": [1], "Name": ["b"]}) == expected


def test_a_wrong_query_is_named():
    with pytest.raises(Invalid, match="Apply SQL Transformation: sql_query_script: SQL: no such column: Weight"):
        answered("select Weight from t1")
