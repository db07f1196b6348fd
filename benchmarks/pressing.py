"""A load of POST requests over plain HTTP: the next one on each connection as soon as the last is answered, for some seconds.

    python pressing.py PORT PATH CONNECTIONS SECONDS < body

Prints {"count", "seconds", "p50", "p99", "wrong"} (milliseconds). Standard library only. One core of load: the servers' own time per
request says more than the number of requests where the machine is shared.
"""

import json
import select
import socket
import sys
import time


def main(words: list[str]) -> None:
    port, path, connections, seconds = int(words[0]), words[1], int(words[2]), float(words[3])
    body = sys.stdin.buffer.read()
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    print(json.dumps(press(port, head.encode() + body, connections, seconds)))


def press(port: int, request: bytes, connections: int, seconds: float) -> dict[str, float]:
    links = {}
    poll = select.epoll()
    for _ in range(connections):
        link = socket.create_connection(("127.0.0.1", port))
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        links[link.fileno()] = link
        poll.register(link.fileno(), select.EPOLLIN)
    taken: list[float] = []
    wrong = 0
    heard = dict.fromkeys(links, b"")
    began = time.perf_counter()
    asked = dict.fromkeys(links, began)
    for link in links.values():
        link.sendall(request)
    while (now := time.perf_counter()) - began < seconds:
        for number, _ in poll.poll(1.0):
            data = links[number].recv(65536)
            if not data:
                raise SystemExit("the server closed a connection")
            said = heard[number] + data if heard[number] else data
            if not _is_whole(said):
                heard[number] = said
                continue
            heard[number] = b""
            now = time.perf_counter()
            taken.append(now - asked[number])
            wrong += not said.startswith(b"HTTP/1.1 200")
            asked[number] = now
            links[number].sendall(request)
    taken.sort()
    spent = time.perf_counter() - began
    return {
        "count": len(taken),
        "seconds": spent,
        "p50": taken[len(taken) // 2] * 1000,
        "p99": taken[len(taken) * 99 // 100] * 1000,
        "wrong": wrong,
    }


def _is_whole(said: bytes) -> bool:
    end = said.find(b"\r\n\r\n")
    if end < 0:
        return False
    head = said[:end].lower()
    at = head.find(b"content-length:")
    if at < 0:
        return said.endswith(b"0\r\n\r\n")  # in chunks
    return len(said) >= end + 4 + int(head[at + 15 :].split(b"\r\n")[0])


if __name__ == "__main__":
    main(sys.argv[1:])
