"""Unix sockets: refused in one line, for their owner alone, replaced if left behind, gone when they are closed."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import stat
import threading
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from forking import in_child

from mailtrap import ports, unix
from mailtrap.errors import CannotListen


def listening(path: Path, access: str = "owner") -> socket.socket:
    [sock] = ports.listen(["127.0.0.1"], path, "lmtp", access)
    return sock


def refusal(path: Path) -> str:
    with pytest.raises(CannotListen) as caught:
        listening(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def bound(path: Path, kind: int = socket.SOCK_STREAM) -> socket.socket:
    """A socket of another program's."""
    sock = socket.socket(socket.AF_UNIX, kind)
    sock.bind(str(path))
    return sock


def answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


# -- what cannot be


def test_a_path_that_is_too_long_is_told_with_its_length(folder: Path) -> None:
    path = folder / ("x" * unix.LONGEST)

    assert refusal(path).endswith(
        f"for lmtp, is too long: {len(os.fsencode(path))} octets, and the system takes {unix.LONGEST}"
    )


def test_the_longest_path_will_do(folder: Path) -> None:
    path = folder / ("x" * (unix.LONGEST - len(str(folder)) - 1))

    with listening(path):
        assert answers(path)


def test_a_directory_that_is_not_there_is_named(folder: Path) -> None:
    folder.joinpath("file").write_text("x")

    assert refusal(folder / "no" / "x.sock").endswith(f"because {folder}/no is no directory: set lmtp to a path in one")
    assert refusal(folder / "file" / "x.sock").endswith(
        f"because {folder}/file is no directory: set lmtp to a path in one"
    )


def test_a_directory_of_somebody_else_is_named(folder: Path) -> None:
    folder.chmod(0o555)

    def refused() -> str:
        if os.getuid() == 0:
            os.setuid(65534)  # nothing is closed to root
        return refusal(folder / "x.sock")

    assert in_child(refused).startswith(f"{folder}/x.sock is not for this user to make: set lmtp to")


def test_a_directory_to_write_to_alone_will_do(folder: Path) -> None:
    folder.chmod(0o333)

    def opened() -> str:
        if os.getuid() == 0:
            os.setuid(65534)
        with listening(folder / "x.sock"):
            return "listens"

    assert in_child(opened) == "listens"
    folder.chmod(0o755)


def test_what_somebody_else_left_behind_is_not_in_use(folder: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can leave something behind as somebody else")
    bound(folder / "x.sock").close()
    folder.joinpath("x.sock").chmod(0o600)
    folder.chmod(0o777)

    def refused() -> str:
        os.setuid(65534)
        return refusal(folder / "x.sock")

    assert in_child(refused).startswith(f"{folder}/x.sock is not for this user to make: set lmtp to a free path")


def test_what_is_no_socket_is_left_alone(folder: Path) -> None:
    paths = [folder / "file", folder / "directory", folder / "link"]
    paths[0].write_text("precious")
    paths[1].mkdir()
    with listening(folder / "other"):
        paths[2].symlink_to("other")

        said = [refusal(path) for path in paths]

        assert said == [f"{path} is there and is no Unix socket: set lmtp to another path" for path in paths]
        assert answers(paths[2])
    assert paths[0].read_text() == "precious"


def test_a_socket_that_is_in_use_is_left_alone(folder: Path) -> None:
    path = folder / "x.sock"
    with listening(path):
        assert refusal(path) == f"{path} is in use already: stop what listens there, or set lmtp to another path"
        assert answers(path)


def test_a_socket_of_another_kind_that_is_in_use_is_left_alone(folder: Path) -> None:
    with bound(folder / "log", socket.SOCK_DGRAM):
        assert "is in use already" in refusal(folder / "log")
        assert folder.joinpath("log").is_socket()


def test_a_server_whose_queue_is_full_is_one_that_lives(folder: Path) -> None:
    path = folder / "x.sock"
    with ExitStack() as opened:
        opened.enter_context(bound(path)).listen(0)
        asked = 0
        while asked not in (errno.EAGAIN, errno.ECONNREFUSED):  # the latter is said where this cannot be told
            client = opened.enter_context(socket.socket(socket.AF_UNIX))
            client.setblocking(False)
            asked = client.connect_ex(str(path))
        if asked == errno.ECONNREFUSED:
            pytest.skip("here a full queue looks like nobody")

        assert "is in use already" in refusal(path)


def test_where_there_are_no_unix_sockets_it_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "AF_UNIX")

    assert refusal(folder / "x.sock").endswith("for lmtp, cannot be opened: this system has no Unix sockets")


def test_any_other_trouble_is_told_in_the_words_of_the_system(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unix.Listening, "bind", _full)

    assert refusal(folder / "x.sock") == f"{folder}/x.sock, for lmtp, cannot be opened: No space left on device"


def _full(_sock: socket.socket, _path: str) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


# -- who may connect


@pytest.mark.parametrize(("access", "octal"), [("owner", 0o600), ("group", 0o660), ("all", 0o666)])
@pytest.mark.parametrize("umask", [0, 0o077])
def test_who_may_connect_is_who_was_said(folder: Path, access: str, octal: int, umask: int) -> None:
    before = os.umask(umask)
    try:
        with listening(folder / "x.sock", access):
            assert mode(folder / "x.sock") == octal
    finally:
        os.umask(before)


# -- what was left behind


def test_a_socket_that_was_left_behind_is_replaced(folder: Path) -> None:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        bound(folder / "x.sock", kind).close()

        with listening(folder / "x.sock"):
            assert answers(folder / "x.sock")
            assert mode(folder / "x.sock") == 0o600


def test_of_many_at_a_time_one_gets_it_and_keeps_it(folder: Path) -> None:
    path, together = folder / "x.sock", threading.Barrier(8)
    for _ in range(20):
        bound(path).close()
        opened: list[socket.socket] = []
        refused: list[str] = []

        def begin(opened: list[socket.socket] = opened, refused: list[str] = refused) -> None:
            together.wait()
            try:
                opened.append(listening(path))
            except CannotListen as error:
                refused.append(str(error))

        threads = [threading.Thread(target=begin) for _ in range(together.parties)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

        [only] = opened
        assert set(refused) == {f"{path} is in use already: stop what listens there, or set lmtp to another path"}
        assert answers(path)
        only.close()


def test_somebody_who_locks_the_directory_for_ever_does_not_matter(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unix, "ATTEMPTS", 2)
    held = os.open(folder, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    try:
        with listening(folder / "x.sock"):
            assert answers(folder / "x.sock")
    finally:
        os.close(held)


def test_nothing_else_is_left_in_the_directory(folder: Path) -> None:
    with listening(folder / "x.sock"):
        assert [each.name for each in folder.iterdir()] == ["x.sock"]


# -- the end


def test_closing_it_removes_it_and_once_is_enough(folder: Path) -> None:
    ours = listening(folder / "x.sock")
    ours.close()
    assert list(folder.iterdir()) == []

    with closing(bound(folder / "x.sock")):
        ours.close()

        assert folder.joinpath("x.sock").is_socket()


def test_what_another_has_put_in_its_place_is_left_alone(folder: Path) -> None:
    path = folder / "x.sock"
    ours = listening(path)
    path.unlink()
    with closing(bound(path)) as other:
        other.listen()
        ours.close()

        assert answers(path)


def test_it_may_be_gone_already(folder: Path) -> None:
    with listening(folder / "x.sock"):
        folder.joinpath("x.sock").unlink()


def test_a_refusal_leaves_nothing_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unix.Listening, "listen", _full)

    refusal(folder / "x.sock")

    assert list(folder.iterdir()) == []


def test_a_forked_child_neither_holds_nor_removes_it(folder: Path) -> None:
    path = folder / "x.sock"
    with listening(path) as ours:
        assert in_child(lambda: f"{ours.fileno()} {path.is_socket()}") == "-1 True"
        assert answers(path)
    assert not path.exists()
