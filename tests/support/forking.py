"""Doing something in a forked child, as pre-forking servers and live servers of web frameworks do."""

from __future__ import annotations

import os
import signal
import traceback
import warnings
from collections.abc import Callable


def in_child(work: Callable[[], str]) -> str:
    """What *work* gives in a forked child, or the traceback of what it raises. The child ends without cleaning up."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # from Python 3.12 on: there are other threads
        child = os.fork()
    if child == 0:
        signal.alarm(60)  # whatever another thread held stays locked: that shall be no wait for ever
        try:
            said = work()
        except BaseException:
            said = traceback.format_exc()
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    with open(reading, "rb") as pipe:  # noqa: PTH123  # a descriptor
        said = pipe.read().decode()
    os.waitpid(child, 0)
    return said
