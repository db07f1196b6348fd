"""SQL in SQLite's dialect: what DuckDB computes is what SQLite computes, and neither touches anything else."""

import datetime
import random

import polars as pl
import pytest

from azurine.designer import trying
from azurine.designer.sql import checking, duck, faithful, lite, plans
from azurine.model.errors import Invalid

_CHANCE = random.Random(7)
PATIENTS = {
    "PatientID": [_CHANCE.choice([1, 2, 3, 4, 5, None]) for _ in range(200)],
    "BMI": [_CHANCE.choice([None, 0.0, *(round(_CHANCE.uniform(10, 50), 3) for _ in range(9))]) for _ in range(200)],
    "Age": [_CHANCE.randint(0, 9) for _ in range(200)],
    "Name": [_CHANCE.choice(["ann", "Bob", "cid", "", None, "Ärger"]) for _ in range(200)],
    "Sick": [_CHANCE.choice([True, False, None]) for _ in range(200)],
}
DOCTORS = {"PatientID": [1, 2, 2, None, 7], "Doctor": ["x", "y", "z", "x", "y"]}

FAITHFUL = [
    "SELECT PatientID, MAX(BMI) FROM t1 GROUP BY PatientID",
    "select * from t1",
    "select Age, BMI from t1 where BMI > 20",
    "select Age, BMI from t1 where BMI > 20 and not (Age < 3 or Age = 7)",
    "select Name from t1 where Name >= 'b' and Name <> 'cid'",
    "select count(*), count(BMI), sum(Age), min(Name), max(Name), avg(Age) from t1",
    "select Age, count(*) as n, min(BMI) as low from t1 group by Age having count(*) > 15",
    "select PatientID, Age, count(*) from t1 group by PatientID, Age",
    "select Name, sum(Age) total from t1 where Name is not null group by Name order by total desc",
    "select Age, Name from t1 order by Age, Name desc limit 30",
    "select Age, Name from t1 order by Name limit 10 offset 5",
    "select BMI from t1 order by BMI desc limit 17",
    "select Age + 1, Age * 2 - 3, -Age, Age * 1.5 from t1",
    "select BMI / Age from t1",
    "select Age / 2, Age / (Age - 3) from t1",
    "select 0.1 + 0.2, 1.5, Age from t1 limit 2",
    "select case when BMI > 30 then 'high' when BMI > 20 then 'middle' else 'low' end as class, count(*) from t1 group by class",
    "select coalesce(BMI, 0) from t1",
    "select Age from t1 where Age between 3 and 5 or Age in (8, 9)",
    "select Age from t1 where BMI is null",
    "select Age > 3, Sick from t1",
    "select sum(Sick), count(Sick) from t1",
    "select Doctor, count(*) from t1 join t2 on t1.PatientID = t2.PatientID group by Doctor",
    "select t2.Doctor, max(t1.BMI) from t2 left join t1 on t1.PatientID = t2.PatientID group by t2.Doctor",
    "select a, max(b) from (select Age as a, BMI as b from t1 where BMI < 40) group by a",
    "select abs(Age - 5) from t1",
    'select "Age" from t1 where "Age" > 5;',
    "select max(BMI) from t1 where Age > 100",
]
LEFT_TO_SQLITE = [
    "select distinct Name from t1",
    "select Name || Age from t1",
    "select Age from t1 where Name > 3",
    "select Name from t1 where Name like 'A%'",
    "select max(Age, 3) from t1",
    "select cast(Name as integer) from t1",
    "select Age % 3 from t1",
    "select upper(Name), length(Name) from t1",
    "select round(BMI, 1) from t1",
    "select t1.Age, t2.Doctor from t1 join t2 on t1.PatientID = t2.PatientID",
    "select Age from t1 union select PatientID from t2",
    "with w as (select Age from t1) select * from w",
    "create table big as select * from t1 where Age > 5; select count(*) from big",
    "select PatientID, (select count(*) from t2 where t2.PatientID = t1.PatientID) from t1",
    "select Age, row_number() over (order by Age) from t1",
    "select Age from t1 where PatientID in (select PatientID from t2)",
    "select Age from t1 limit -1",
    "select sum(Name) from t1",
    'select "no such column" from t1',
    "select count(distinct Age) from t1",
    "values (1, 'a'), (2, 'b')",
]


@pytest.fixture
def both(tmp_path):
    """Answers what DuckDB gives (None when the statement is not its to compute) and what SQLite gives."""
    given = {"t1": trying.table(PATIENTS), "t2": trying.table(DOCTORS)}
    stored = {name: table.frame.with_columns(pl.col(pl.Boolean).cast(pl.Int64)) for name, table in given.items()}
    files = {name: tmp_path / f"{name}.parquet" for name in given}
    for name, frame in stored.items():
        frame.collect().write_parquet(files[name])
    types = {name: {one.name: one.primitive for one in table.columns} for name, table in given.items()}

    def both(query):
        checked = checking.check(query, given)
        statement = faithful.translated(checked.statements[-1], types) if len(checked.statements) == 1 else None
        theirs = pl.read_parquet(duck.compute(statement, files, given, len(checked.names), tmp_path)).rows() if statement else None
        return theirs, lite.compute(checked, files, given, tmp_path).collect().rows()

    return both


@pytest.mark.parametrize("query", FAITHFUL)
def test_both_engines_say_the_same(both, query):
    theirs, ours = both(query)
    assert theirs == [pytest.approx(row) if any(isinstance(one, float) for one in row) else row for row in ours]


@pytest.mark.parametrize("query", LEFT_TO_SQLITE)
def test_what_is_in_doubt_is_left_to_sqlite(both, query):
    assert both(query)[0] is None


PLANNED = {
    "SELECT PatientID, MAX(BMI) FROM t1 GROUP BY PatientID": True,
    "select max(bmi), min(Age), avg(Age), avg(BMI), count(*), count(PatientID), sum(BMI) from t1": True,
    "select sum(BMI), max(BMI), count(*) from t1 where Age > 100": True,
    "select age, Patientid from t1 where not (Age < 3 or Age = 7) and BMI is not null and Name >= 'b'": True,
    "select AGE, count(BMI) as n, AGE from t1 where PatientID >= -1.5 group by patientid, age": True,
    "select count(*) from t1 group by Name": True,
    "select Sick, BMI from t1 where BMI is null": True,
    "select Name, count(*) from t1 group by Name": False,
    "select Name from t1": False,
    "select sum(Age) from t1": False,
    "select BMI, count(*) from t1 group by BMI": False,
    "select Age, BMI from t1 group by Age": False,
    "select Age + 1 from t1": False,
    "select Age, count(*) as n from t1 group by Age having n > 3": False,
    "select Age from t1 order by Age": False,
    "select Age from t1 limit 3": False,
    "select Age, BMI from t1 where Age between 1 and 2": False,
    "select a from (select Age as a from t1)": False,
    "select min(Name) from t1": False,
}
"""Is it a plan?"""


@pytest.mark.parametrize(("query", "is_planned"), PLANNED.items())
def test_a_plan_says_what_sqlite_says(both, query, is_planned):
    table = trying.table(PATIENTS)
    found = plans.planned(query, {"t1": table.frame.with_columns(pl.col(pl.Boolean).cast(pl.Int64))}, {"t1": table})
    assert (found is not None) == is_planned
    if found is not None:
        rows = found.collect(engine="streaming").rows()
        assert rows == [pytest.approx(row) if any(isinstance(one, float) for one in row) else row for row in both(query)[1]]


def answered(query, **tables):
    inputs = {name: trying.table(values) for name, values in (tables or {"t1": PATIENTS, "t2": DOCTORS}).items()}
    return trying.rows(trying.outputs("apply_sql_transformation", inputs, {"sql_query_script": query})["results_dataset"])


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("SELECT PatientID, MAX(BMI) FROM t1 GROUP BY PatientID", ["PatientID", "MAX(BMI)"]),
        ("select Age, Age, Age from t1", ["Age", "Age (2)", "Age (3)"]),
        ("select Age as a, avg( BMI ) from t1", ["a", "avg( BMI )"]),
        ("select t1.Age+1 from t1", ["t1.Age+1"]),
    ],
)
def test_names_are_those_of_sqlite(query, names):
    assert list(answered(query)) == names


def test_dates_are_text_in_between_and_dates_again_afterwards():
    days = [datetime.datetime(2020, 1, 2, 3, 4, 5), datetime.datetime(2021, 1, 1)]
    found = answered("select day, substr(day, 1, 4) as year, 'x' || day as other from t1", t1={"day": days})
    assert found == {"day": days, "year": ["2020", "2021"], "other": ["x2020-01-02 03:04:05", "x2021-01-01 00:00:00"]}


def test_no_rows_and_no_columns_read():
    assert answered("select Age from t1 where Age > 100") == {"Age": []}
    assert answered("select count(*) as n from t1") == {"n": [200]}
    assert answered("select 1 as one", t1={"a": [1]}) == {"one": [1]}
    assert answered("select count(*) as n, max(a) as m from t1", t1={"a": []}) == {"n": [0], "m": [None]}


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("selct 1", r'Apply SQL Transformation: sql_query_script: SQL: near "selct": syntax error'),
        ("select nope from t1", "no such column: nope"),
        ("select * from t3", "no such table: t3"),
        ("", "a SELECT|a value is needed"),
        ("delete from t1", "the last statement must be a SELECT"),
        ("attach database '/etc/passwd' as x; select 1", "SQL may touch its own tables only"),
        ("select load_extension('x')", "SQL may touch its own tables only|no such function"),
        ("select readfile('/etc/passwd')", "SQL"),
        ("pragma database_list", "SQL may touch its own tables only"),
        ("vacuum into '/tmp/stolen.db'; select 1", "SQL"),
        ("create virtual table x using fts5(a); select 1", "SQL may touch its own tables only"),
        ("select * from read_csv('/etc/passwd')", "no such table"),
        ("select * from '/etc/passwd'", "no such table"),
    ],
)
def test_what_is_wrong_or_reaches_outside_is_refused(query, message):
    with pytest.raises(Invalid, match=message):
        answered(query)


def test_duckdb_reaches_no_file_but_its_own(tmp_path):
    (tmp_path / "secret.csv").write_text("a\n1\n")
    for query in (f"SELECT * FROM read_csv('{tmp_path}/secret.csv')", f"SELECT * FROM '{tmp_path}/secret.csv'", "SELECT * FROM glob('/*')"):
        with pytest.raises(duck.Refused, match=r"(?i)permission|disabled|not allowed|does not exist"):
            duck.compute(query, {}, {}, 1, tmp_path)


def test_names_that_differ_by_case_only_and_too_many_columns():
    with pytest.raises(Invalid, match="t1 has columns 'a' and 'A', which differ by case only"):
        answered("select * from t1", t1={"a": [1], "A": [2]})
    with pytest.raises(Invalid, match="t1 has 1001 columns; SQL takes at most 1000"):
        answered("select 1", t1={f"c{number}": [1] for number in range(1001)})


@pytest.mark.parametrize(
    ("script", "statements"),
    [
        ("select 1; select 2;", ["select 1", "select 2"]),
        ("select ';' as a; -- done; \n", ["select ';' as a"]),
        ("/* a; b */ select 1", ["/* a; b */ select 1"]),
        (" ; ;", []),
    ],
)
def test_scripts_are_split_at_semicolons_that_end_statements(script, statements):
    assert checking.split(script) == statements
