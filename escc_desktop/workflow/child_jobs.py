"""A long job in a process of its own, so that it takes no turn from the window's thread.

The transport is multiprocessing's own pipe between the program and itself; nothing of it comes from a file.
"""

from __future__ import annotations

import math
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import TypeVar

from escc_desktop.errors import EsccError
from escc_desktop.progress import Cancelled, Progress, deaf_children

T = TypeVar("T")
_LISTEN_S = 0.1
PATIENCE_S = 5.0
_EXIT_S = 2.0
_STOP = "stop"


@dataclass(frozen=True)
class _Advanced:
    fraction: float
    note: str


@dataclass(frozen=True)
class _Done:
    result: object


@dataclass(frozen=True)
class _Refused:
    what: str
    hint: str
    detail: str


@dataclass(frozen=True)
class _Failed:
    kind: str
    what: str


class _Stopped:
    """The child was cancelled."""


def run_in_child(function: Callable[..., T], *args: object, progress: Progress) -> T:
    """Run `function(*args, progress=...)` in a new process and return what it returned.

    Parameters
    ----------
    function, args
        A function of a module, and values that can be sent to another process.

    Raises
    ------
    EsccError
        The function raised one.
    Cancelled
        From `progress`; the function was told, and had `PATIENCE_S` to tidy up before its process was ended.
    RuntimeError
        A defect, or the process died.
    """
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=_serve, args=(theirs, function, args), name=function.__name__)
    with deaf_children():
        child.start()
    theirs.close()
    try:
        return _follow(ours, progress)  # type: ignore[return-value]  # what the function returned
    finally:
        ours.close()
        child.join(_EXIT_S)
        if child.is_alive():
            _end(child)


def _end(child: SpawnProcess) -> None:
    """End a process that does not stop by itself, and the processes it started."""
    if hasattr(os, "killpg") and child.pid is not None:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
    else:  # Windows
        child.kill()
    child.join()


def _follow(pipe: Connection, progress: Progress) -> object:
    """Pass on what the child tells; tell it once to stop, and wait for that no longer than is decent."""
    last, ends = _Advanced(0.0, ""), math.inf
    while time.monotonic() < ends:
        try:
            message = pipe.recv() if pipe.poll(_LISTEN_S) else last
        except EOFError:
            raise RuntimeError("the process of a job has died") from None
        if isinstance(message, _Advanced):
            last = message
            try:
                progress.advance(message.fraction, 1.0, message.note)
            except Cancelled:
                if ends == math.inf:
                    pipe.send(_STOP)
                    ends = time.monotonic() + PATIENCE_S
        else:
            return _outcome(message)
    raise Cancelled


def _outcome(message: object) -> object:
    match message:
        case _Done(result):
            return result
        case _Refused(what, hint, detail):
            raise EsccError(what, hint, detail)
        case _Failed(kind, what):
            raise RuntimeError(f"{kind}: {what}")
        case _:
            raise Cancelled


def _serve(pipe: Connection, function: Callable[..., object], args: tuple[object, ...]) -> None:
    """Run the function in the child and send how it ends; a program that is gone counts as cancelled."""
    if hasattr(os, "setsid"):
        os.setsid()  # a group of its own, to be ended as one

    def is_cancelled() -> bool:
        try:
            return pipe.poll() and pipe.recv() == _STOP
        except (EOFError, OSError):
            return True

    def tell(fraction: float, note: str) -> None:
        try:
            pipe.send(_Advanced(fraction, note))
        except OSError:
            raise Cancelled from None

    answer = _answer(function, args, Progress(tell, is_cancelled))
    try:
        pipe.send(answer)
    except OSError:
        return
    finally:
        pipe.close()


def _answer(function: Callable[..., object], args: tuple[object, ...], progress: Progress) -> object:
    try:
        return _Done(function(*args, progress=progress))
    except Cancelled:
        return _Stopped()
    except EsccError as error:
        return _Refused(error.what, error.hint, error.detail)
    except Exception as error:  # noqa: BLE001  # told in the program, which shows it as the defect it is
        return _Failed(type(error).__name__, str(error))
