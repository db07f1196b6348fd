"""What a node of a cluster does, inside its worker process: says what it is, and sees one task through to its end.

Both are functions that the cluster calls by name, so azurine must be installed on the node, and the task's folder visible there. The
task runs in a guest process of the node, which the worker only waits for (in its event loop: nothing blocks).
"""

import asyncio
import os
import socket
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import azurine.compute.guests as guests
from azurine.compute import tasks

TRIES = 3


async def describe() -> dict[str, Any]:
    return {"pid": os.getpid(), "host": socket.gethostname(), "boot": tasks.boot()}


async def run(folder_name: str, key: str, topic: str, nursery: dict[str, str] | None) -> dict[str, Any]:
    """Answers {"over": True} when the task's folder tells how it went, {"error": …} when it could not begin here.

    nursery: the server's, when this node is on the server's machine; else the node has one of its own.
    """
    folder = Path(folder_name)
    if not (folder / tasks.ORDER).exists():
        message = f"node {socket.gethostname()} cannot see {folder}: nodes of a cluster must share the folder of the server's home"
        return {"error": {"code": "FolderNotShared", "message": message}}
    if tasks.outcome(folder) is not None:
        return {"over": True}
    if tasks.is_taken(folder):
        await _adopted(folder)
    else:
        for _ in range(TRIES):  # a nursery may go away (it was idle for long) before it has made the guest
            await _followed(guests.launch(folder, _nursery(nursery)), key, topic)
            if tasks.guest(folder) is not None:
                break
    return {"over": True}


def _nursery(told: dict[str, str] | None) -> guests.Nursery:
    if told is not None:
        return guests.Nursery(Path(told["warm"]), told["name"], told["python"])
    # Sockets do not work across machines, so not below the shared home.
    warm = Path(tempfile.gettempdir()) / f"azurine-{os.getuid()}" / "node"
    return guests.Nursery(warm, f"nursery-{os.getpid()}", sys.executable)


async def _followed(link: socket.socket, key: str, topic: str) -> None:
    import distributed  # there is a worker, so it is imported already

    loop, voice = asyncio.get_running_loop(), guests.Voice()
    with link, suppress(ConnectionError):
        while True:
            data = await loop.sock_recv(link, 4096)
            said = voice.hear(data)
            for phase in said:
                if phase != "done":
                    distributed.get_worker().log_event(topic, {"key": key, "phase": phase})
            if not data or "done" in said:
                return


async def _adopted(folder: Path) -> None:
    found = tasks.guest(folder)
    if found is None or not tasks.is_alive(found[0]):
        return
    loop, over, ending = asyncio.get_running_loop(), asyncio.Event(), guests.Ending(found[0].pid)
    loop.add_reader(ending.fileno(), over.set)
    try:
        await over.wait()
    finally:
        loop.remove_reader(ending.fileno())
        ending.close()
