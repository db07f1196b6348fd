"""The activities: one file each, one line each in `TABLE`.

To add one, write `activities/<name>.py` that ends with its `SORT`, and add it to the table. A file tells, in this order: what the
activity does, in the user's words, with a link to Azure's page; `check`, what can be said when the pipeline is published; `step`,
from a `Sight` to a `Progress` (both in `factory.sight`); `SORT`.

    def step(sight: Sight) -> Progress:
        name = sight.value("variableName")                  # a property, its expressions evaluated; raises what fails the activity
        return succeeded({"name": name}, variables=((name, sight.value("value")),))

A control activity is pure: it answers at once, or says when to look again (`wake_at`), or which of its inner lists to walk (`open`,
heard of again in `sight.ended`). A work activity (`works=True`) names an effect, and says it again at each call: what is
done or under way is left out by the loop. The usual one is a `Perform` under `sight.key`, whose outcome is then found in
`sight.outcome()`; `sight.work(sight, "factory.copy", arguments)` is all such an activity needs:

    def step(sight: Sight) -> Progress:
        return work(sight, "factory.copy", lambda: _wish(sight))

    def _wish(sight: Sight) -> tuple[Json, Json]:
        properties = sight.properties()                     # evaluated once per attempt; kept in `memory` until the attempt is over
        return {"source": …}, properties                    # what the performer "factory.copy" is given; what monitoring shows as input

    SORT = Sort("Copy", step, works=True)

An activity that wishes for a resource (`ExecutePipeline`, an ML job) answers a `Create` of an id made from `sight.key`, and reads it with
`sight.references.get`; the run is looked at again when it moves. `datasets` and `linked services` are read with `sight.document`.

Everything else is the walker's: time-outs and retries of the policy, `secureInput` and `secureOutput`, inactive activities, records,
what follows. An `errors.AzurineError` raised by `step` fails the attempt with its code and message. The same sight must give the same
progress: no clock but `sight.now`, no chance but the scope's.
"""

from collections.abc import Mapping
from typing import Any

from azurine.factory.activities import (
    append_variable,
    azure_function,
    azure_ml,
    azure_ml_batch,
    copying,
    custom,
    deleting,
    execute_pipeline,
    fail,
    filtering,
    for_each,
    get_metadata,
    if_condition,
    lookup,
    script,
    set_variable,
    stored_procedure,
    switch,
    until,
    validation,
    wait,
    web,
    web_hook,
)
from azurine.factory.definitions import Definitions
from azurine.factory.sight import Sort
from azurine.model.resources import Json

TABLE: Mapping[str, Sort] = {
    one.type.lower(): one
    for one in (
        append_variable.SORT,
        azure_function.SORT,
        azure_ml.SORT,
        azure_ml_batch.SORT,
        copying.SORT,
        custom.SORT,
        deleting.SORT,
        execute_pipeline.SORT,
        fail.SORT,
        filtering.SORT,
        for_each.SORT,
        get_metadata.SORT,
        if_condition.SORT,
        lookup.SORT,
        script.SORT,
        set_variable.SORT,
        stored_procedure.SORT,
        switch.SORT,
        until.SORT,
        validation.SORT,
        wait.SORT,
        web.SORT,
        web_hook.SORT,
    )
}


def lists(kind: str, properties: Json) -> tuple[Mapping[str, tuple[str, Any]], frozenset[str]]:
    """What `definitions` asks of a type: its inner lists, and the properties that are not compiled."""
    sort = TABLE.get(kind)
    return ({}, frozenset()) if sort is None else (sort.lists(properties), frozenset(sort.raw))


DEFINITIONS = Definitions(lists)
