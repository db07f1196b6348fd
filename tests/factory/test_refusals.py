"""What activities that move data are asked for and do not do: each is named, and what changes nothing is taken."""

from collections.abc import Mapping
from typing import Any

import pytest

from azurine.factory import refusals
from azurine.model import errors

ROWS: list[tuple[str, Mapping[str, Any], str]] = [
    # type, what it is asked for, the place that is named ("" when it is done, or changes nothing)
    ("Copy", {"parallelCopies": 8, "enableStaging": True, "stagingSettings": {"path": "x"}, "dataIntegrationUnits": 4}, ""),
    ("Copy", {"preserve": ["Attributes"]}, "preserve"),
    ("Copy", {"preserve": []}, ""),
    ("Copy", {"source": {"storeSettings": {"fileFilter": "*.csv"}}}, "source.storeSettings.fileFilter"),
    ("Copy", {"sink": {"storeSettings": {"metadata": [{"name": "a", "value": "b"}]}}}, "sink.storeSettings.metadata"),
    ("Copy", {"sink": {"storeSettings": {"copyBehavior": "Backwards"}}}, "sink.storeSettings.copyBehavior"),
    ("Copy", {"sink": {"storeSettings": {"copyBehavior": "MergeFiles"}, "tableOption": "autoCreate", "writeBehavior": "upsert"}}, ""),
    ("Copy", {"sink": {"sqlWriterStoredProcedureName": "p"}}, "sink.sqlWriterStoredProcedureName"),
    ("Copy", {"sink": {"writeBehavior": "replace"}}, "sink.writeBehavior"),
    ("Copy", {"sink": {"writeMethod": "CopyCommand"}}, ""),
    ("Copy", {"translator": {"mappings": [{"source": {"name": "a"}}, {"source": {"name": "b", "format": "dd"}}]}}, "translator.mappings[].source.format"),
    ("Copy", {"translator": {"typeConversionSettings": {"culture": "de-de"}}}, "translator.typeConversionSettings.culture"),
    ("Copy", {"translator": "a text", "source": "a text"}, ""),
    ("Lookup", {"treatDecimalAsString": "false"}, ""),
    ("Lookup", {"treatDecimalAsString": True}, "treatDecimalAsString"),
    ("Script", {"logSettings": {"logDestination": "ExternalStore"}}, "logSettings.logDestination"),
    ("Script", {"logSettings": {"logDestination": "ActivityOutput"}}, ""),
    ("Custom", {"referenceObjects": {"linkedServices": [], "datasets": []}}, ""),
    ("Custom", {"referenceObjects": {"linkedServices": ["a"]}}, "referenceObjects"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "asked", "named"), ROWS)
def test_it_is_named(kind: str, asked: Mapping[str, Any], named: str) -> None:
    if not named:
        refusals.check(kind, asked)
        return
    with pytest.raises(errors.Invalid) as refused:
        refusals.check(kind, asked)
    assert (refused.value.code, refused.value.path) == (refusals.NOT_SUPPORTED, named)
    assert f"'{named}' of the {kind} activity is not done here" in refused.value.message
