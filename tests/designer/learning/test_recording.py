import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from azurine.designer.learning import recording


@pytest.fixture
def server():
    """A tracking server that remembers requests; answers with `status`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.requests.append((self.path, self.headers["Authorization"], json.loads(body)))
            self.send_response(found.status)
            self.end_headers()
            self.wfile.write(b'{"error_code": "RESOURCE_DOES_NOT_EXIST"}' if found.status != 200 else b"{}")

        def log_message(self, *words):
            pass

    found = HTTPServer(("127.0.0.1", 0), Handler)
    found.requests, found.status = [], 200
    thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found
    found.shutdown()
    thread.join()
    found.server_close()


def variables(server, **more):
    return {"MLFLOW_RUN_ID": "r1", "MLFLOW_TRACKING_URI": f"http://127.0.0.1:{server.server_port}/mlflow/", **more}


def test_numbers_that_are_known_are_logged_in_one_request(server):
    said = []
    recording.record({"AUC": None, "Accuracy": 0.5, "True_Positive": 3}, said.append, variables(server, MLFLOW_TRACKING_TOKEN="t"))
    ((path, token, body),) = server.requests
    assert (path, token, body["run_id"]) == ("/mlflow/api/2.0/mlflow/runs/log-batch", "Bearer t", "r1")
    assert [(one["key"], one["value"], one["step"]) for one in body["metrics"]] == [("Accuracy", 0.5, 0), ("True_Positive", 3.0, 0)]
    assert said == []


def test_outside_a_job_nothing_is_logged():
    said = []
    recording.record({"Accuracy": 0.5}, said.append, {})
    assert said == []


def test_a_server_that_refuses_or_is_not_there_is_a_line_in_the_log(server):
    said = []
    server.status = 404
    recording.record({"Accuracy": 0.5}, said.append, variables(server))
    recording.record({"Accuracy": 0.5}, said.append, variables(server) | {"MLFLOW_TRACKING_URI": "http://127.0.0.1:1"})
    recording.record({"Accuracy": 0.5}, said.append, variables(server) | {"MLFLOW_TRACKING_URI": "file:///tmp"})
    assert "RESOURCE_DOES_NOT_EXIST" in said[0] and "could not be logged" in said[1] and "no address of a tracking server" in said[2]
