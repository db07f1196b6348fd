"""What a node says when it cannot do what it is asked."""

import asyncio
from pathlib import Path

from azurine.compute import node, tasks
from compute.watching import task


def test_a_folder_that_the_node_cannot_see_is_an_error_that_names_it(tmp_path: Path) -> None:
    answer = asyncio.run(node.run(str(tmp_path / "elsewhere"), "k", "topic", None))
    assert answer["error"]["code"] == "FolderNotShared"
    assert str(tmp_path / "elsewhere") in answer["error"]["message"]


def test_a_task_that_is_over_is_not_begun(tmp_path: Path) -> None:
    order = task(tmp_path, "over", "touch ran")
    tasks.write_order(order)
    tasks.write_outcome(order.folder, tasks.cancelled())
    assert asyncio.run(node.run(str(order.folder), "over", "topic", None)) == {"over": True}
    assert not (order.folder / "guest.json").exists()


def test_a_node_says_who_it_is() -> None:
    assert set(asyncio.run(node.describe())) == {"pid", "host", "boot"}
