import datetime
import sqlite3
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import polars as pl
import pytest

from azurine.designer import trying
from azurine.designer.bench import Bench
from azurine.model.errors import Invalid


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *said):
        pass


@pytest.fixture
def web(tmp_path):
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def imported(tmp_path, **given):
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    bench = Bench(scratch, locate=lambda address: tmp_path / address.rpartition("/paths/")[2])
    return trying.outputs("import_data", {}, given, bench)["results_dataset"]


def test_types_are_inferred(tmp_path):
    (tmp_path / "a.csv").write_text('i,f,b,d,t,m\n1,1.5,true,2020-01-02,"a, b",\n2,NaN,false,2020-01-03,c,3\n')
    table = imported(tmp_path, datastore_path="azureml://datastores/x/paths/a.csv")
    assert [one.primitive for one in table.columns] == ["Integer", "Double", "Boolean", "DateTime", "String", "Integer"]
    assert trying.rows(table) == {
        "i": [1, 2],
        "f": [1.5, None],
        "b": [True, False],
        "d": [datetime.date(2020, 1, 2), datetime.date(2020, 1, 3)],
        "t": ["a, b", "c"],
        "m": [None, 3],
    }


@pytest.mark.parametrize(
    ("content", "names"),
    [("a,a,a\n1,2,3\n", ["a", "a (2)", "a (3)"]), ("a,,b\n1,2,3\n", ["a", "Column2", "b"]), ("a,b\n", ["a", "b"])],
)
def test_names_are_made_distinct(tmp_path, content, names):
    (tmp_path / "a.csv").write_text(content)
    assert list(imported(tmp_path, datastore_path="azureml://datastores/x/paths/a.csv").names) == names


def test_a_file_without_a_header(tmp_path):
    (tmp_path / "a.csv").write_text("1,x\n2,y\n")
    assert trying.rows(imported(tmp_path, datastore_path="a.csv", has_header="false")) == {"Column1": [1, 2], "Column2": ["x", "y"]}


def test_folders_tabs_and_parquet(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/1.csv").write_text("a\n1\n")
    (tmp_path / "folder/2.csv").write_text("a\n2\n")
    (tmp_path / "t.tsv").write_text("a\tb\n1\t2,5\n")
    pl.DataFrame({"a": [7]}).write_parquet(tmp_path / "unnamed")
    assert trying.rows(imported(tmp_path, datastore_path="folder")) == {"a": [1, 2]}
    assert trying.rows(imported(tmp_path, datastore_path="t.tsv")) == {"a": [1], "b": ["2,5"]}
    assert trying.rows(imported(tmp_path, datastore_path="unnamed")) == {"a": [7]}


def test_an_address_of_the_web(tmp_path, web):
    (tmp_path / "a.csv").write_text("a,b\n1,x\n")
    assert trying.rows(imported(tmp_path, data_source="URL via HTTP", url=f"{web}/a.csv")) == {"a": [1], "b": ["x"]}


def test_a_query_to_a_database(tmp_path):
    with sqlite3.connect(tmp_path / "x.db") as connection:
        connection.execute("create table p (id integer, bmi real, name text)")
        connection.executemany("insert into p values (?, ?, ?)", [(1, 20.5, "a"), (2, None, "b")])
    connection.close()
    given = {"data_source": "SQL database", "connection": f"sqlite:///{tmp_path}/x.db"}
    assert trying.rows(imported(tmp_path, query="select * from p order by id", **given)) == {"id": [1, 2], "bmi": [20.5, None], "name": ["a", "b"]}
    assert trying.rows(imported(tmp_path, query="select id from p where id > 5", **given)) == {"id": []}
    with pytest.raises(Invalid, match=r"Import Data: query: the database answered: .*no such table"):
        imported(tmp_path, query="select * from q", **given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"datastore_path": "nothing.csv"}, "Import Data: datastore_path: there is no such file or folder"),
        ({"datastore_path": "empty.csv"}, "'empty.csv' is empty"),
        ({}, "datastore_path: say which file or folder"),
        ({"data_source": "URL via HTTP", "url": "file:///etc/passwd"}, "url: an address begins with http:// or https://"),
        ({"data_source": "URL via HTTP", "url": "http://127.0.0.1:9/a.csv"}, "url: it cannot be read"),
        ({"data_source": "SQL database", "connection": "nonsense", "query": "select 1"}, "the database answered|this address cannot be used"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, given, message):
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(Invalid, match=message):
        imported(tmp_path, **given)
