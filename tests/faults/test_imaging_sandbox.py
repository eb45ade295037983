"""Whatever happens to the parser child, the program goes on."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from escc_desktop.imaging import child, sandbox
from escc_desktop.imaging.sandbox import Refused, Sandbox, SandboxError, borrowed_sandbox

HOSTILE = """
import os, signal, sys, time
sys.path[:0] = {path!r}
from escc_desktop.imaging import child
import types
module = types.ModuleType("escc_desktop.imaging.hostile")
def answer_hang(arguments, payload):
    time.sleep(600)
def answer_die(arguments, payload):
    os.kill(os.getpid(), signal.SIGSEGV)
def answer_bloat(arguments, payload):
    return {{}}, bytes(8 << 30)
def answer_write(arguments, payload):
    open(arguments["path"], "wb").write(b"x" * 10)
def answer_babble(arguments, payload):
    print("noise on stdout")
    os.write(1, b"more noise")
    return {{"said": arguments["text"]}}, payload * 2
def answer_odd_one(arguments, payload):
    if arguments["number"] == 3:
        os.kill(os.getpid(), signal.SIGSEGV)
    if arguments["number"] == 5:
        from escc_desktop.imaging.sandbox import Refused
        raise Refused("refused", "what", "hint")
    return {{"number": arguments["number"], "same": "yes"}}, b""
def answer_trouble(arguments, payload):
    if arguments["kind"] == "timeout":
        time.sleep(600)
    if arguments["kind"] == "memory":
        raise MemoryError
    return {{}}, b""
def answer_garbage(arguments, payload):
    import gc
    for thing in gc.get_objects():
        if isinstance(thing, __import__("io").BufferedWriter):
            thing.write(b"\\xff" * 64)
            thing.flush()
    return {{}}, b""
for name, thing in list(globals().items()):
    if name.startswith("answer_"):
        setattr(module, name, thing)
        child.FUNCTIONS[name[7:]] = "hostile"
sys.modules["escc_desktop.imaging.hostile"] = module
child.main()
"""


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A sandbox whose child has functions that misbehave."""
    script = tmp_path / "hostile_child.py"
    script.write_text(HOSTILE.format(path=sys.path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(sandbox, "_CHILD", "hostile_child")
    one = Sandbox()
    yield one
    one.close()


def is_alive(one: Sandbox) -> bool:
    return one.call("babble", {"text": "hello"}, b"ab") == ({"said": "hello"}, b"abab")


def test_that_a_hanging_child_is_killed_in_time_and_replaced(hostile: Sandbox) -> None:
    assert is_alive(hostile)
    started = time.perf_counter()
    with pytest.raises(SandboxError) as error:
        hostile.call("hang", {}, timeout_s=0.5)
    assert error.value.code == "timeout"
    assert time.perf_counter() - started < 5
    assert is_alive(hostile)


def test_that_a_dying_child_is_a_refusal_and_is_replaced(hostile: Sandbox) -> None:
    for _ in range(3):
        with pytest.raises(SandboxError) as error:
            hostile.call("die", {})
        assert error.value.code == "crash"
    assert is_alive(hostile)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no resource limits for processes")
def test_that_a_child_can_neither_bloat_nor_write_files(hostile: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(SandboxError) as error:
        hostile.call("bloat", {})
    assert error.value.code == "memory"
    with pytest.raises((SandboxError, Refused)):
        hostile.call("write", {"path": str(tmp_path / "loot")})
    loot = tmp_path / "loot"
    assert not loot.exists() or loot.stat().st_size == 0


def test_that_garbage_from_a_child_is_a_crash(hostile: Sandbox) -> None:
    with pytest.raises(SandboxError):
        hostile.call("garbage", {}, timeout_s=5)
    assert is_alive(hostile)


def test_that_only_named_functions_can_be_asked_for() -> None:
    assert all(module.isidentifier() for module in child.FUNCTIONS.values())
    one = Sandbox()
    with pytest.raises(SandboxError):
        one.call("os.system", {})
    one.close()


def test_that_a_child_killed_from_outside_is_replaced_at_the_next_borrow(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"no DICOM")
    for _ in range(2):
        with borrowed_sandbox() as one:
            with pytest.raises(Refused):
                one.call("header", {"path": str(tmp_path / "x")})
            assert one._process is not None
            os.kill(one._process.pid, signal.SIGKILL)
            one._process.wait()


def test_that_of_many_files_only_the_one_that_kills_the_child_is_blamed(hostile: Sandbox) -> None:
    found = hostile.call_each("odd_one", [{"number": number} for number in range(6)], timeout_s=20)
    assert [getattr(one, "code", one) for one in found] == [
        *({"number": number, "same": "yes"} for number in range(3)),
        "crash",
        {"number": 4, "same": "yes"},
        "refused",
    ]
    assert is_alive(hostile)


def test_that_a_batch_in_which_one_hangs_or_bloats_costs_only_that_one(hostile: Sandbox) -> None:
    for kind in ("timeout", "memory"):
        found = hostile.call_each("trouble", [{"kind": ""}, {"kind": kind}, {"kind": ""}], timeout_s=1.5)
        assert [getattr(one, "code", "sound") for one in found] == ["sound", kind, "sound"]


def test_that_a_child_that_answers_less_than_was_asked_is_asked_one_by_one(
    hostile: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = Sandbox._ask
    short = {"answers": [{}], "alike": {}}
    monkeypatch.setattr(
        Sandbox, "_ask", lambda self, request, *rest: (short, b"") if "each" in request else ask(self, request, *rest)
    )
    assert hostile.call_each("babble", [{"text": "a"}, {"text": "b"}]) == [{"said": "a"}, {"said": "b"}]


def test_that_threads_do_not_share_a_child(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"no DICOM")
    seen: list[int] = []
    both = threading.Barrier(2, timeout=30)

    def work() -> None:
        with borrowed_sandbox() as one:
            seen.append(id(one))
            both.wait()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(seen)) == 2
