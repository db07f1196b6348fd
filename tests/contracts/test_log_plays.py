"""Any play of writes, trims and questions has the same answers in SQL as in memory."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from azurine.store.log import Create, Mark, Remove, Report, Update, Write
from azurine.store.memory import MemoryLog
from azurine.store.sql import open_log
from postgresql import programs

KINDS = ["workspaces/jobs", "workspaces/data"]
PARENTS = ["w/w", "w/w/data/d", "w/w2"]
IDS = ["w/w/jobs/a", "w/w/jobs/b", "w/w/data/d", "w/w/data/d/versions/1", "w/w2/jobs/a", "w/w/data/dé"]
OWNERS = ["", "w/w/jobs/a", "w/w/jobs/b"]

ids = st.sampled_from(IDS)
json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2),
    max_leaves=4,
)
documents = st.dictionaries(st.text(max_size=4), json, max_size=2)
revisions = st.none() | st.integers(0, 40)
principals = st.sampled_from(["", "alice", "bob"])

writes: st.SearchStrategy[Write] = st.one_of(
    st.builds(
        Create,
        ids,
        st.sampled_from(KINDS),
        st.sampled_from(PARENTS),
        documents,
        status=documents,
        owner=st.sampled_from(OWNERS),
        by=principals,
        settled=st.booleans(),
    ),
    st.builds(Update, ids, documents, by=principals, if_revision=revisions, settled=st.booleans()),
    st.builds(Report, ids, documents, if_revision=revisions, settled=st.booleans()),
    st.builds(Mark, ids, by=principals, if_revision=revisions),
    st.builds(Remove, ids, if_revision=revisions),
)


class Play(RuleBasedStateMachine):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.twin = MemoryLog()
        self.log = open_log(url)
        self.heard: list[Any] = []
        self.log.listen(self.heard.extend)
        self.twin_heard: list[Any] = []
        self.twin.listen(self.twin_heard.extend)

    @rule(batch=st.lists(writes, min_size=1, max_size=6), at=st.floats(0, 2e9))
    def write(self, batch: list[Write], at: float) -> None:
        assert self.log.write(batch, at) == self.twin.write(batch, at)

    @rule(before=st.integers(0, 50))
    def trim(self, before: int) -> None:
        assert self.log.trim(before) == self.twin.trim(before)

    @rule()
    def open_again(self) -> None:
        self.log.close()
        self.log = open_log(self.url)
        self.log.listen(self.heard.extend)

    @rule(
        kind=st.sampled_from(KINDS),
        parent=st.sampled_from(PARENTS),
        owner=st.none() | st.sampled_from(OWNERS),
        after=revisions,
        newest_first=st.booleans(),
        limit=st.integers(0, 4),
    )
    def page(self, kind: str, parent: str, **asked: Any) -> None:
        assert self.log.page(kind, parent, **asked) == self.twin.page(kind, parent, **asked)

    @rule(revision=st.integers(0, 40), limit=st.integers(0, 5))
    def since(self, revision: int, limit: int) -> None:
        assert self.log.since(revision, limit) == self.twin.since(revision, limit)

    @invariant()
    def the_same_is_known(self) -> None:
        assert self.log.revision() == self.twin.revision()
        assert self.log.unsettled() == self.twin.unsettled()
        assert self.heard == self.twin_heard
        for identifier in IDS:
            assert self.log.get(identifier) == self.twin.get(identifier)
            assert self.log.owned_by(identifier) == self.twin.owned_by(identifier)
            assert self.log.under(identifier) == self.twin.under(identifier)

    def teardown(self) -> None:
        self.log.close()


@pytest.mark.parametrize("sort", [sort for sort in ("sqlite", "postgresql") if sort != "postgresql" or programs()])
def test_sql_and_memory_agree(sort: str, new_url: Callable[[str], str]) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        lambda: Play(new_url(sort)),
        settings=settings(
            max_examples=30 if sort == "sqlite" else 12, stateful_step_count=20, deadline=None, database=None, suppress_health_check=list(HealthCheck)
        ),
    )
