"""The contract of the log, over each of its versions: memory, SQLite, PostgreSQL (where its programs are found)."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import Any

import pytest

from azurine.model import errors
from azurine.model.resources import Resource
from azurine.store.log import Create, Log, Mark, Refusal, Remove, Report, Update, Write
from azurine.store.sql import open_log
from postgresql import programs, warn_untested

NOW = 1_700_000_000.25
JOBS = "workspaces/jobs"
W = "subscriptions/s/resourceGroups/g/workspaces/w"


def job(name: str, spec: dict[str, Any] | None = None, parent: str = W, **more: Any) -> Create:
    return Create(f"{parent}/jobs/{name}", JOBS, parent, {} if spec is None else spec, **more)


def done(log: Log, *writes: Write, at: float = NOW) -> list[Resource]:
    answers = log.write(writes, at)
    assert all(isinstance(answer, Resource) for answer in answers), answers
    return [answer for answer in answers if isinstance(answer, Resource)]


def refused(log: Log, write: Write) -> Refusal:
    [answer] = log.write([write], NOW)
    assert isinstance(answer, Refusal)
    return answer


def names(resources: Sequence[Resource]) -> list[str]:
    return [resource.name for resource in resources]


def test_postgresql_is_among_the_tested_stores_or_its_absence_is_said() -> None:
    if not programs():
        warn_untested()


# One verb after the other


def test_an_empty_log_knows_nothing(log: Log) -> None:
    assert log.revision() == 0
    assert log.get("a/b") is None
    assert log.page(JOBS, W) == log.owned_by("a/b") == log.under("a/b") == log.unsettled() == log.since(0) == []
    assert log.trim(100) == 0
    assert log.write([], NOW) == []


def test_create_answers_the_first_version_whole(log: Log) -> None:
    [made] = done(log, job("j", {"a": 1}, status={"b": [2]}, owner=f"{W}/jobs/p", by="alice", settled=False))
    assert made == Resource(
        id=f"{W}/jobs/j",
        kind=JOBS,
        spec={"a": 1},
        status={"b": [2]},
        owner=f"{W}/jobs/p",
        revision=1,
        created=1,
        created_at=NOW,
        created_by="alice",
        updated_at=NOW,
        updated_by="alice",
        deleting=False,
        settled=False,
    )
    assert log.get(made.id) == made
    assert log.revision() == 1


def test_create_is_refused_where_something_is(log: Log) -> None:
    [first] = done(log, job("j", {"a": 1}))
    assert refused(log, job("j", {"a": 2})) == Refusal("exists", first)
    assert log.get(first.id) == first
    assert log.revision() == 1


def test_update_replaces_the_spec_and_speaks_of_who_and_when(log: Log) -> None:
    [first] = done(log, job("j", {"a": 1, "gone": 1}, status={"s": 1}, by="alice", settled=True))
    [second] = done(log, Update(first.id, {"a": 2}, by="bob", settled=False), at=NOW + 1)
    assert (second.spec, second.status) == ({"a": 2}, {"s": 1})
    assert (second.revision, second.created) == (2, 1)
    assert (second.created_by, second.created_at, second.updated_by, second.updated_at) == ("alice", NOW, "bob", NOW + 1)
    assert not second.settled
    assert log.get(first.id) == second


def test_report_replaces_the_status_and_leaves_who_and_when(log: Log) -> None:
    [first] = done(log, job("j", {"a": 1}, status={"s": 1, "gone": 1}, by="alice", settled=False))
    [second] = done(log, Report(first.id, {"s": 2}, settled=True), at=NOW + 1)
    assert (second.spec, second.status) == ({"a": 1}, {"s": 2})
    assert (second.updated_by, second.updated_at, second.settled) == ("alice", NOW, True)
    assert log.get(first.id) == second


def test_mark_sets_deleting_once(log: Log) -> None:
    [first] = done(log, job("j", {"a": 1}, by="alice"))
    [marked] = done(log, Mark(first.id, by="bob"), at=NOW + 1)
    assert (marked.deleting, marked.settled, marked.revision, marked.updated_by) == (True, False, 2, "bob")
    assert done(log, Mark(first.id, by="carol"), at=NOW + 2) == [marked]
    assert log.revision() == 2


def test_a_marked_resource_is_still_there_and_still_marked_after_a_report(log: Log) -> None:
    [first] = done(log, job("j"))
    done(log, Mark(first.id))
    [reported] = done(log, Report(first.id, {"s": 1}, settled=True))
    assert reported.deleting
    assert refused(log, job("j")).reason == "exists"
    assert names(log.page(JOBS, W)) == ["j"]


def test_remove_takes_it_away_and_since_tells_of_it(log: Log) -> None:
    [first] = done(log, job("j", {"a": 1}))
    [last] = done(log, Remove(first.id))
    assert (last.id, last.spec, last.deleting, last.revision, last.created) == (first.id, {"a": 1}, True, 2, 1)
    assert log.get(first.id) is None
    assert log.page(JOBS, W) == log.under(W) == log.unsettled() == []
    assert log.since(0) == [first, last]


def test_a_removed_name_can_be_used_again_as_something_new(log: Log) -> None:
    [first] = done(log, job("j", {"a": 1}, by="alice"))
    done(log, Remove(first.id))
    [again] = done(log, job("j", {"a": 2}, by="bob"))
    assert (again.created, again.revision, again.created_by, again.spec, again.deleting) == (3, 3, "bob", {"a": 2}, False)
    assert log.get(first.id) == again


@pytest.mark.parametrize("make", [lambda i: Update(i, {}), lambda i: Report(i, {}), lambda i: Mark(i), lambda i: Remove(i)])
def test_what_is_not_there_is_missing(log: Log, make: Callable[[str], Write]) -> None:
    assert refused(log, make(f"{W}/jobs/j")) == Refusal("missing")
    done(log, job("j"), Remove(f"{W}/jobs/j"))
    assert refused(log, make(f"{W}/jobs/j")) == Refusal("missing")


@pytest.mark.parametrize("make", [lambda i, r: Update(i, {}, if_revision=r), lambda i, r: Report(i, {}, r), lambda i, r: Mark(i, "", r), Remove])
def test_a_version_that_has_moved_on_is_stale(log: Log, make: Callable[[str, int], Write]) -> None:
    [first] = done(log, job("j"))
    [second] = done(log, Report(first.id, {"s": 1}))
    assert refused(log, make(first.id, first.revision)) == Refusal("stale", second)
    assert refused(log, make(first.id, 99)) == Refusal("stale", second)
    assert log.get(first.id) == second
    done(log, make(first.id, second.revision))


# Batches


def test_each_write_of_a_batch_stands_alone_and_sees_those_before_it(log: Log) -> None:
    i = f"{W}/jobs/j"
    answers = log.write(
        [
            Update(i, {}),
            job("j", {"a": 1}),
            job("j"),
            Report(i, {"s": 1}, if_revision=7),
            Report(i, {"s": 2}, if_revision=1),
            Update(i, {"a": 2}),
            job("k"),
        ],
        NOW,
    )
    reasons = [answer.reason if isinstance(answer, Refusal) else answer.revision for answer in answers]
    assert reasons == ["missing", 1, "exists", "stale", 2, 3, 4]
    found = log.get(i)
    assert found and (found.spec, found.status, found.revision, found.created) == ({"a": 2}, {"s": 2}, 3, 1)
    assert [one.revision for one in log.since(0)] == [1, 2, 3, 4]


def test_create_and_remove_and_create_within_one_batch(log: Log) -> None:
    i = f"{W}/jobs/j"
    answers = log.write([job("j", {"a": 1}), Remove(i), Remove(i), job("j", {"a": 2}), Mark(i), Mark(i)], NOW)
    assert [answer.revision if isinstance(answer, Resource) else answer.reason for answer in answers] == [1, 2, "missing", 3, 4, 4]
    found = log.get(i)
    assert found and (found.created, found.deleting, found.spec) == (3, True, {"a": 2})
    assert log.unsettled() == [i]


def test_a_large_batch_is_one_batch(log: Log) -> None:
    heard: list[Sequence[Resource]] = []
    log.listen(heard.append)
    made = done(log, *(job(f"j{number:04}") for number in range(500)))
    assert [one.revision for one in made] == list(range(1, 501))
    assert [len(one) for one in heard] == [500]
    assert log.since(0) == made
    changed = done(log, *(Report(one.id, {"n": 1}) for one in made), *(Remove(one.id) for one in made[:100]))
    assert len(log.page(JOBS, W, limit=1000)) == 400
    assert log.revision() == 1100 == changed[-1].revision


# Lists


def test_a_page_goes_by_creation_and_not_by_change(log: Log) -> None:
    made = done(log, *(job(name) for name in "abcde"))
    done(log, Report(made[1].id, {"s": 1}), Update(made[3].id, {}))
    assert names(log.page(JOBS, W)) == list("edcba")
    assert names(log.page(JOBS, W, newest_first=False)) == list("abcde")


def test_pages_follow_one_another_without_gap_or_overlap(log: Log) -> None:
    done(log, *(job(name) for name in "abcdefg"))
    for newest_first, expected in ((True, "gfedcba"), (False, "abcdefg")):
        seen, after = "", None
        while page := log.page(JOBS, W, newest_first=newest_first, after=after, limit=3):
            assert len(page) <= 3
            seen += "".join(names(page))
            after = page[-1].created
        assert seen == expected


def test_paging_goes_on_while_resources_come_and_go(log: Log) -> None:
    made = done(log, *(job(name) for name in "abcdef"))
    first = log.page(JOBS, W, limit=2)
    done(log, job("new"), Remove(made[3].id), Remove(first[-1].id))
    assert names(log.page(JOBS, W, limit=10, after=first[-1].created)) == ["c", "b", "a"]


def test_a_page_is_of_one_kind_and_one_parent_and_where_asked_of_one_owner(log: Log) -> None:
    other = "subscriptions/s/resourceGroups/g/workspaces/w2"
    done(
        log,
        job("a"),
        job("b", owner=f"{W}/jobs/a"),
        job("c", owner=f"{W}/jobs/a"),
        job("d", owner=f"{W}/jobs/x"),
        job("e", parent=other),
        Create(f"{W}/data/f", "workspaces/data", W, {}),
        Create(f"{W}/data/f/versions/1", "workspaces/data/versions", f"{W}/data/f", {}),
    )
    assert names(log.page(JOBS, W)) == ["d", "c", "b", "a"]
    assert names(log.page(JOBS, W, owner="")) == ["a"]
    assert names(log.page(JOBS, W, owner=f"{W}/jobs/a")) == ["c", "b"]
    assert names(log.page(JOBS, W, owner=f"{W}/jobs/a", newest_first=False, limit=1)) == ["b"]
    assert names(log.page(JOBS, W, owner="nobody")) == []
    assert names(log.page(JOBS, other)) == ["e"]
    assert names(log.page("workspaces/data", W)) == ["f"]
    assert names(log.page("workspaces/data/versions", f"{W}/data/f")) == ["1"]


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_asks_for_nothing(log: Log, limit: int) -> None:
    done(log, job("a"))
    assert log.page(JOBS, W, limit=limit) == log.since(0, limit=limit) == []


def test_numbers_no_database_can_hold_are_only_very_large(log: Log) -> None:
    made = done(log, job("a"), Update(f"{W}/jobs/a", {}))
    assert log.page(JOBS, W, after=10**30, limit=10**30) == log.page(JOBS, W, after=-(10**30), newest_first=False) == made[1:]
    assert log.page(JOBS, W, after=-(10**30)) == log.page(JOBS, W, after=10**30, newest_first=False) == log.since(10**30) == []
    assert log.since(-(10**30), limit=10**30) == made
    assert refused(log, Update(f"{W}/jobs/a", {}, if_revision=10**30)).reason == "stale"
    assert (log.trim(-(10**30)), log.trim(10**30)) == (0, 1)


def test_owned_by_answers_all_that_one_asked_for_oldest_first(log: Log) -> None:
    done(log, job("p"), job("b", owner=f"{W}/jobs/p"), job("a", owner=f"{W}/jobs/p", parent="x/y"), job("c", owner=f"{W}/jobs/p2"))
    done(log, Report(f"{W}/jobs/b", {"s": 1}))
    assert names(log.owned_by(f"{W}/jobs/p")) == ["b", "a"]
    assert log.owned_by("") == []  # users ask for much: that is what pages are for


def test_under_answers_all_below_at_any_depth_and_no_neighbour(log: Log) -> None:
    def data(name: str) -> Create:
        return Create(f"{W}/data/{name}", "workspaces/data", W, {})

    done(log, data("d"), data("d-2"), data("d.x"), data("d0"), data("D"), data("dä"))
    done(log, Create(f"{W}/data/d/versions/2", "v", f"{W}/data/d", {}), Create(f"{W}/data/d/versions/10", "v", f"{W}/data/d", {}))
    done(log, Create(f"{W}/data/d/versions/1/x/\U0010ffff", "v", f"{W}/data/d", {}))
    assert names(log.under(f"{W}/data/d")) == ["2", "10", "\U0010ffff"]
    assert len(log.under(W)) == 9
    assert log.under(f"{W}/data/nothing") == []
    assert log.under("subscriptions") == log.under(W)


def test_wildcards_in_names_are_letters_like_others(log: Log) -> None:
    done(log, job("a%b"), job("a_b"), job("axb"), job("a*b"), job("a'b\"\\"))
    for name in ("a%b", "a_b", "a*b", "a'b\"\\"):
        found = log.get(f"{W}/jobs/{name}")
        assert found and found.name == name
        assert log.under(f"{W}/jobs/{name}") == []


def test_unsettled_are_those_the_loop_must_look_at_oldest_first(log: Log) -> None:
    made = done(log, job("a", settled=False), job("b"), job("c", settled=False), job("d", settled=False))
    done(log, Report(made[1].id, {}, settled=False), Report(made[2].id, {}, settled=True), Remove(made[3].id))
    assert log.unsettled() == [made[0].id, made[1].id]
    done(log, Mark(made[2].id))
    assert log.unsettled() == [made[0].id, made[1].id, made[2].id]


def test_case_matters(log: Log) -> None:
    done(log, job("Train"), job("train"))
    assert names(log.page(JOBS, W)) == ["train", "Train"]
    assert log.get(f"{W}/jobs/TRAIN") is None


# Since, trim, listen


def test_since_tells_every_version_in_order(log: Log) -> None:
    versions = done(log, job("a"), job("b"), Update(f"{W}/jobs/a", {"x": 1}), Remove(f"{W}/jobs/b"), Report(f"{W}/jobs/a", {"y": 1}))
    assert log.since(0) == versions
    assert log.since(2) == versions[2:]
    assert log.since(1, limit=2) == versions[1:3]
    assert log.since(5) == log.since(1000) == []


def test_trim_forgets_what_was_superseded_and_nothing_else(log: Log) -> None:
    versions = done(log, job("a"), job("b"), Update(f"{W}/jobs/a", {"x": 1}), Remove(f"{W}/jobs/b"), Report(f"{W}/jobs/a", {"y": 1}))
    assert log.trim(3) == 2  # a's and b's first
    assert log.since(0) == versions[2:]
    assert log.trim(3) == 0
    assert log.trim(10_000) == 2  # a's second, and that b is gone
    assert log.since(0) == versions[4:] == log.page(JOBS, W)
    assert log.trim(10_000) == 0


def test_revisions_are_never_given_twice_even_when_all_is_forgotten(log: Log) -> None:
    done(log, job("a"), Remove(f"{W}/jobs/a"))
    assert log.trim(10) == 2
    assert (log.revision(), log.since(0)) == (2, [])
    [again] = done(log, job("a"))
    assert (again.revision, again.created) == (3, 3)


def test_a_long_trim_forgets_all_of_it(log: Log) -> None:
    done(log, job("a"), *(Report(f"{W}/jobs/a", {"n": number}) for number in range(1200)))
    assert log.trim(log.revision() + 1) == 1200
    assert [one.status for one in log.since(0)] == [{"n": 1199}]


def test_listeners_hear_new_versions_in_order_before_the_writer_goes_on(log: Log) -> None:
    heard: list[Resource] = []
    log.listen(heard.extend)
    versions = done(log, job("a"), job("b"))
    assert heard == versions
    log.write([job("a"), Update("no/such", {})], NOW)
    assert heard == versions
    versions += done(log, Mark(f"{W}/jobs/a"), Remove(f"{W}/jobs/a"))
    assert heard == versions == log.since(0)


def test_a_listener_that_fails_harms_neither_the_write_nor_the_next_listener(log: Log, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[Resource] = []
    log.listen(lambda versions: 1 / 0)  # type: ignore[arg-type,return-value]
    log.listen(heard.extend)
    assert done(log, job("a")) == heard
    assert "listener" in caplog.text


def test_a_listener_may_read_but_not_write(log: Log, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[Resource | None] = []
    log.listen(lambda versions: seen.append(log.get(versions[0].id)))
    log.listen(lambda versions: log.write([job("b")], NOW) and None)
    [made] = done(log, job("a"))
    assert seen == [made]
    assert "must not write" in caplog.text
    assert log.get(f"{W}/jobs/b") is None
    done(log, job("c"))


# What is kept, and what is not taken


WORDS = ["", "ä", "日本語", "🩺 patient", "\x00", "\ud800", "line\nbreak\t", "'; DROP TABLE azurine_versions; --", "a" * 10_000]


def test_any_json_comes_back_as_it_was(log: Log) -> None:
    spec = {
        "words": WORDS,
        "numbers": [0, -1, 2**70, 1.5, 1e-300, -0.0],
        "rest": [None, True, False, [], {}, [[{}]]],
        **{word: word for word in WORDS},
    }
    [made] = done(log, job("j", spec, status=spec))
    found = log.get(made.id)
    assert found == made
    assert found and found.spec == found.status == spec


def test_names_in_any_script(log: Log) -> None:
    for name in ("Bär", "日本語", "🩺", "e\u0301", "\u00e9", "a b", "%2F", "…"):
        [made] = done(log, job(name, owner=f"{W}/jobs/{name}", by=name))
        assert log.get(made.id) == made
        assert log.owned_by(made.id) == [made]


def test_a_spec_of_5_mb(log: Log) -> None:
    spec = {"files": [{"path": f"folder/file-{number}.csv", "hash": "0123456789abcdef" * 2} for number in range(70_000)]}
    [made] = done(log, job("big", spec))
    [reported] = done(log, Report(made.id, {"s": 1}))
    assert reported.spec == spec
    assert log.get(made.id) == reported


def test_later_changes_to_what_was_passed_in_or_handed_out_change_nothing(log: Log) -> None:
    spec: dict[str, Any] = {"a": {"b": [1]}}
    [made] = done(log, job("j", spec))
    spec["a"]["b"].append(2)
    found = log.get(made.id)
    assert found and found.spec == {"a": {"b": [1]}}
    found.spec["a"]["b"].append(3)
    again = log.get(made.id)
    assert again and again.spec == {"a": {"b": [1]}}


def test_mappings_of_other_sorts_are_objects_too(log: Log) -> None:
    [made] = done(log, Create("a/b", "a", "", MappingProxyType({"x": MappingProxyType({"y": (1, 2)})})))
    assert made.spec == {"x": {"y": [1, 2]}}


def test_what_is_no_json_is_refused_before_anything_is_written(log: Log) -> None:
    with pytest.raises(TypeError, match="set is no JSON"):
        log.write([job("a"), job("b", {"x": {1, 2}})], NOW)
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(errors.Invalid, match="nested too deeply"):
        log.write([job("a"), job("b", {"x": deep})], NOW)
    with pytest.raises(ValueError, match="no time"):
        log.write([job("a")], float("nan"))
    assert log.revision() == 0


@pytest.mark.parametrize("name", ["zero\0", "\ud800", "x" * 2000, "ä" * 600])
def test_a_name_that_no_database_could_index_is_refused_and_unknown(log: Log, name: str) -> None:
    writes: list[Write] = [
        job(name),
        job("a", owner=name),
        job("a", by=name),
        job("a", parent=name),
        Create("a/b", name, "", {}),
        Update(name, {}),
        Mark(name),
    ]
    for write in writes:
        with pytest.raises(errors.Invalid, match=r"is no name"):
            log.write([write], NOW)
    assert log.get(name) is None
    assert log.page(JOBS, name) == log.page(name, W) == log.page(JOBS, W, owner=name) == log.owned_by(name) == log.under(name) == []


def test_the_longest_names_are_indexed(log: Log) -> None:
    text = "".join(chr(0x4E00 + number * 37 % 20_000) for number in range(320))  # does not compress
    [made] = done(log, Create(text, "k" * 250, text[::-1], {}, owner=text, by=text))
    assert log.get(text) == made
    assert log.page("k" * 250, text[::-1], owner=text) == [made]


# Many at once


def test_many_writers_lose_nothing_and_no_revision_is_given_twice(log: Log) -> None:
    heard: list[Resource] = []
    log.listen(heard.extend)

    def write(writer: int) -> list[Resource]:
        made = []
        for number in range(20):
            made += done(log, job(f"{writer}-{number}"), Report(f"{W}/jobs/{writer}-{number}", {"n": number}))
            assert log.get(made[-1].id) == made[-1]  # what was acknowledged is read
        return made

    with ThreadPoolExecutor(16) as pool:
        written = [one for made in pool.map(write, range(16)) for one in made]
    assert sorted(one.revision for one in written) == list(range(1, 16 * 20 * 2 + 1))
    assert log.since(0, limit=1000) == sorted(written, key=lambda one: one.revision) == heard
    assert len(log.page(JOBS, W, limit=1000)) == 16 * 20


def test_of_many_who_create_the_same_one_wins(log: Log) -> None:
    start = threading.Barrier(12)

    def create(writer: int) -> Resource | Refusal:
        start.wait()
        [answer] = log.write([job("j", {"writer": writer})], NOW)
        return answer

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(create, range(12)))
    [won] = [answer for answer in answers if isinstance(answer, Resource)]
    assert [answer for answer in answers if answer is not won] == [Refusal("exists", won)] * 11


def test_a_counter_under_optimistic_writers_counts_every_success(log: Log) -> None:
    [first] = done(log, job("counter", {"n": 0}))

    def increase(_: int) -> None:
        for _ in range(10):
            while True:
                current = log.get(first.id)
                assert current is not None
                [answer] = log.write([Update(first.id, {"n": current.spec["n"] + 1}, if_revision=current.revision)], NOW)
                if isinstance(answer, Resource):
                    break

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(increase, range(6)))
    last = log.get(first.id)
    assert last and (last.spec, last.revision) == ({"n": 60}, 61)


def test_readers_see_whole_versions_while_writers_write(log: Log) -> None:
    [made] = done(log, job("j", {"n": 0}, status={"n": 0}))
    over = threading.Event()

    def write() -> None:
        for number in range(1, 101):
            done(log, Update(made.id, {"n": number}), Report(made.id, {"n": number}))
        over.set()

    def read(_: int) -> None:
        last = made
        while not over.is_set():
            seen = log.get(made.id)
            assert seen is not None
            assert seen.revision >= last.revision
            assert seen.status["n"] == seen.spec["n"]  # a batch is one transaction: nobody sees half of it
            last = seen

    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(read, number) for number in range(3)]
        pool.submit(write).result()
        for one in jobs:
            one.result()


def test_trimming_while_others_write(log: Log) -> None:
    done(log, job("j"))
    over = threading.Event()

    def trim() -> int:
        forgotten = 0
        while not over.is_set():
            forgotten += log.trim(log.revision())
        return forgotten + log.trim(log.revision() + 1)

    with ThreadPoolExecutor(5) as pool:
        trimming = pool.submit(trim)
        writers = [pool.submit(lambda: [done(log, Report(f"{W}/jobs/j", {"n": number})) for number in range(30)]) for _ in range(4)]
        for one in writers:
            one.result()
        over.set()
        assert trimming.result() == 120
    assert [one.revision for one in log.since(0)] == [121]


# Closing and opening again


def test_what_was_written_is_there_after_closing_and_opening(new_url: Callable[[str], str], sort: str) -> None:
    if sort == "memory":
        return  # nothing outlives it, and it says so
    url = new_url(sort)
    log = open_log(url)
    versions = done(log, job("a", {"x": "ä"}, settled=False), job("b"), Update(f"{W}/jobs/a", {"x": 2}, settled=False), Remove(f"{W}/jobs/b"))
    log.close()
    log.close()
    log = open_log(url)
    assert log.since(0) == versions
    assert log.unsettled() == [f"{W}/jobs/a"]
    assert done(log, job("c"))[0].revision == 5
    log.close()


def test_a_closed_log_says_so(log: Log) -> None:
    done(log, job("a"))
    log.close()
    calls: list[Callable[[], object]] = [lambda: log.get("a/b"), lambda: log.write([job("b")], NOW), lambda: log.trim(1), log.revision, log.unsettled]
    for call in calls:
        with pytest.raises(errors.Temporary, match="closed"):
            call()
