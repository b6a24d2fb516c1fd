"""From the 250 to the test that waits for it: over REST's long wait, and in the process."""

from __future__ import annotations

import json
import smtplib
import threading
import time
import urllib.request
from collections.abc import Iterator
from queue import Queue

from benchmarks.report import OURS, AtMost, Effort, Row
from benchmarks.servers import sandbox


def run(effort: Effort) -> Iterator[Row]:
    """Wake-ups after the client has read its 250 (negative: the waiter knew before the client did)."""
    count = effort.of(200, 30)
    with sandbox() as server:
        assert server.http is not None
        times = [_wake_up(server.smtp, server.http, number) for number in range(count)]
    for name, found in (("GET /v1/wait", times), ("a thread in the process", _in_process(count))):
        found.sort()
        yield Row("wait", f"{name}, median", {OURS: found[count // 2]}, goals=(AtMost(2),))
        yield Row("wait", f"{name}, 99th percentile", {OURS: found[int(count * 0.99)]})


def _wake_up(smtp: int, http: int, number: int) -> float:
    woken: Queue[float] = Queue()
    url = f"http://127.0.0.1:{http}/v1/wait?to=n{number}@x.test&timeout=10"

    def wait() -> None:
        with urllib.request.urlopen(url) as answer:
            assert json.load(answer)["messages"]
            woken.put(time.perf_counter())

    waiting = threading.Thread(target=wait)
    with smtplib.SMTP("127.0.0.1", smtp, local_hostname="here") as client:
        waiting.start()
        time.sleep(0.01)  # let the wait begin
        client.sendmail("app@shop.test", [f"n{number}@x.test"], b"Subject: hi\r\n\r\nhi\r\n")
        answered = time.perf_counter()
        return (woken.get() - answered) * 1000


def _in_process(count: int) -> list[float]:
    from mailtrap.sandbox import Sandbox
    from mailtrap.search.grammar import parse
    from mailtrap.store.watch import Watch

    times: list[float] = []
    with Sandbox() as box, smtplib.SMTP("127.0.0.1", box.smtp_port, local_hostname="here") as client:
        for number in range(count):
            query = parse(f"to:n{number}@x.test")
            with Watch(box.store, box.current.project, query) as watch:
                woken: Queue[float] = Queue()

                def wait(watch: Watch = watch, woken: Queue[float] = woken) -> None:
                    watch.wait(1, timeout=10)
                    woken.put(time.perf_counter())

                waiting = threading.Thread(target=wait)
                waiting.start()
                client.sendmail("app@shop.test", [f"n{number}@x.test"], b"Subject: hi\r\n\r\nhi\r\n")
                answered = time.perf_counter()
                times.append((woken.get() - answered) * 1000)
                waiting.join()
    return times
