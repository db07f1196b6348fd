"""Script and stored procedures: statements that are sent to a database as they are, in one transaction, and what comes of them.

https://learn.microsoft.com/azure/data-factory/transform-data-using-script
"""

import json
import re
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from azurine.movement import databases, documents
from azurine.movement.failing import failure

MOST = 5_000
TIMEOUT = "02:00:00"
LARGEST = 4 * 1024 * 1024


def run(order: Mapping[str, Any]) -> dict[str, Any]:
    """order: {"connection", "scripts": [{"type", "text", "parameters"}]}. Answers resultSets, recordsAffected, … as the activity's output."""
    sets: list[dict[str, Any]] = []
    affected, cut, size = 0, False, 0
    notices: list[str] = []
    with databases.connected(order["connection"]) as link:
        databases.heard(link, notices)
        _begin(link)
        for script in order["scripts"]:
            text, values = _statement(script)
            with databases.saying(), databases.limited(link, order.get("timeout") or TIMEOUT):
                result = link.execute(databases.bound(text, values)) if values else databases.send(link, str(script.get("text")))
                if result.returns_rows and str(script.get("type") or "Query").lower() == "query":
                    rows = [dict(row._mapping) for row in result.fetchmany(MOST + 1)]
                    plain = json.loads(documents.dump(rows[:MOST]))
                    size += len(documents.dump(plain))
                    cut = cut or len(rows) > MOST or size > LARGEST
                    if size <= LARGEST:
                        sets.append({"rowCount": len(plain), "rows": plain})
                else:
                    affected += max(0, result.rowcount)
                result.close()
        with databases.saying():
            link.commit()
    return {
        "resultSetCount": len(sets),
        "resultSets": sets,
        "recordsAffected": affected,
        "outputParameters": {},
        "outputLogs": "\n".join(notices),
        "outputLogsLocation": "",
        "outputTruncated": cut,
    }


def call(order: Mapping[str, Any]) -> dict[str, Any]:
    """order: {"connection", "procedure", "parameters"}."""
    with databases.connected(order["connection"]) as link:
        _begin(link)
        with databases.saying():
            link.execute(databases.call(link, str(order["procedure"]), order["parameters"], rows=False))
            link.commit()
    return {}


def _begin(link: sa.Connection) -> None:
    if link.dialect.name == "sqlite":
        with databases.saying():
            link.exec_driver_sql("BEGIN IMMEDIATE")


def _statement(script: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """With its parameters as `:name`. In the text they are written @name, as in SQL Server, or :name."""
    text = str(script.get("text") or "")
    if not text.strip():
        raise failure("UserErrorInvalidScript", "A script has no text.")
    # A colon that is no parameter stays one.
    text = text.replace(":", r"\:")
    values: dict[str, Any] = {}
    said = script.get("parameters") or []
    if not isinstance(said, list):
        raise failure("UserErrorInvalidScript", "The parameters of a script are a list.")
    for one in said:
        if str(one.get("direction") or "Input").lower() != "input":
            raise failure("UserErrorOutputParameters", f"The parameter '{one.get('name')}' is an output; the databases here have inputs only.")
        name = str(one.get("name") or "").lstrip("@")
        values[name] = databases.value(one)
        text = re.sub(rf"(?:@|\\:){re.escape(name)}\b", f":{name}", text)
    return text, values
