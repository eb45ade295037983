"""Files of others are parsed in a child process with limits: what crashes, hangs or bloats there is only refused.

Requests and answers are frames of JSON with an optional block of raw bytes, never pickles, so that a subverted
child cannot run code in the program.
"""

from __future__ import annotations

import atexit
import json
import os
import struct
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, Any, Final, TypeGuard

from escc_desktop.errors import EsccError
from escc_desktop.frozen import part_command

TIMEOUT_S: Final = 10.0
MEMORY_BYTES: Final = 4 << 30
_MAX_IDLE: Final = 2
_START_TIMEOUT_S: Final = 60.0  # importing on a loaded machine is not the file's fault
_MAX_TEXT: Final = 1 << 28
_FRAME: Final = struct.Struct("<II")
_CHILD: Final = "escc_desktop.imaging.child"


class SandboxError(EsccError):
    """The child died, hung or ran out of memory over a file; `code` is crash, timeout or memory."""

    def __init__(self, code: str, what: str, hint: str = "") -> None:
        super().__init__(what, hint)
        self.code = code


class Refused(EsccError):  # noqa: N818  # a verdict of the parser, not a failure of it
    """The child read the file and refuses it; `code` names the kind."""

    def __init__(self, code: str, what: str, hint: str = "") -> None:
        super().__init__(what, hint)
        self.code = code


class Sandbox:
    """One child process that parses files, one request at a time; restarted after it died."""

    def __init__(self, memory_bytes: int = MEMORY_BYTES) -> None:
        self._memory_bytes = memory_bytes
        self._process: subprocess.Popen[bytes] | None = None
        self._is_late = False
        self.owner = os.getpid()

    def call(
        self,
        function: str,
        arguments: Mapping[str, Any],
        payload: bytes | memoryview = b"",
        timeout_s: float = TIMEOUT_S,
    ) -> tuple[dict[str, Any], bytes]:
        """Run a function of the child and return its JSON answer and its raw bytes.

        Raises
        ------
        Refused
            The child refuses the file.
        SandboxError
            The child died, hung for longer than `timeout_s`, or ran out of memory.
        """
        answer, raw = self._ask({"function": function, "arguments": arguments}, payload, timeout_s)
        outcome = _outcome_of(answer)
        if isinstance(outcome, Refused):
            raise outcome
        return outcome, raw

    def call_each(
        self, function: str, each: Sequence[Mapping[str, Any]], timeout_s: float = TIMEOUT_S
    ) -> list[dict[str, Any] | Refused | SandboxError]:
        """Run a function of the child for each of several arguments at once; what failed has its error as answer.

        Only JSON comes back, no raw bytes. If the child dies, hangs or bloats, each is asked for again alone, so
        that only what does it is blamed.
        """
        try:
            message, _ = self._ask({"function": function, "each": list(each)}, b"", timeout_s)
        except SandboxError:
            message = {}
        answers, alike = message.get("answers"), message.get("alike")
        if isinstance(alike, dict) and _is_whole(answers, len(each)):
            whole = [alike | answer for answer in answers]
            if all(answer.get("code") != "memory" for answer in whole):
                return [_outcome_of(answer) for answer in whole]
        self.close()
        return [self._outcome(function, arguments, timeout_s) for arguments in each]

    def _outcome(
        self, function: str, arguments: Mapping[str, Any], timeout_s: float
    ) -> dict[str, Any] | Refused | SandboxError:
        try:
            return self.call(function, arguments, timeout_s=timeout_s)[0]
        except (Refused, SandboxError) as error:
            return error

    def _ask(
        self, request: Mapping[str, Any], payload: bytes | memoryview, timeout_s: float
    ) -> tuple[dict[str, Any], bytes]:
        """Exchange one request for its answer; a child that does not answer is ended."""
        process = self._running()
        try:
            answer, raw = self._exchange(process, request, payload, timeout_s)
        except (EOFError, OSError, ValueError, struct.error) as error:
            is_late = self._is_late
            self.close()
            raise _death(is_late, timeout_s) from error
        except BaseException:  # a half-read answer must not meet the next request
            self.close()
            raise
        if answer.get("code") == "memory":
            self.close()
            raise SandboxError("memory", "Reading the file needs more memory than is allowed.", "Check the file.")
        return answer, raw

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.close()
            environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
            self._process = subprocess.Popen(
                part_command(_CHILD, str(self._memory_bytes)),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
                # Ctrl+C is for the program, which ends the child; a child that heard it too would look crashed.
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
            try:
                self._exchange(self._process, {"function": "ready", "arguments": {}}, b"", _START_TIMEOUT_S)
            except (EOFError, OSError, ValueError, struct.error) as error:
                self.close()
                raise RuntimeError("the parser process does not start") from error
        return self._process

    def _exchange(
        self,
        process: subprocess.Popen[bytes],
        request: Mapping[str, Any],
        payload: bytes | memoryview,
        timeout_s: float,
    ) -> tuple[dict[str, Any], bytes]:
        assert process.stdin is not None
        assert process.stdout is not None
        self._is_late = False
        watchdog = threading.Timer(timeout_s, self._kill_late)
        watchdog.daemon = True
        watchdog.start()
        try:
            write_frame(process.stdin, request, payload)
            return read_frame(process.stdout)
        finally:
            watchdog.cancel()

    def _kill_late(self) -> None:
        self._is_late = True
        if self._process is not None:
            self._process.kill()

    def close(self) -> None:
        """End the child."""
        process, self._process = self._process, None
        if process is not None:
            end_process(process)


def _is_whole(answers: Any, count: int) -> TypeGuard[list[dict[str, Any]]]:
    """Whether these are as many answers as were asked for."""
    return isinstance(answers, list) and len(answers) == count and all(isinstance(answer, dict) for answer in answers)


def _outcome_of(answer: dict[str, Any]) -> dict[str, Any] | Refused:
    """Return an answer, or the refusal it carries; a defect of the program is raised."""
    if answer.get("code") == "defect":
        raise RuntimeError(answer["what"])
    if "code" in answer:
        return Refused(answer["code"], answer["what"], answer["hint"])
    return answer


def _death(is_late: bool, timeout_s: float) -> SandboxError:
    if is_late:
        return SandboxError("timeout", f"Reading the file took longer than {timeout_s:g} s.", "Check the file.")
    return SandboxError(
        "crash", "Reading the file crashed the parser.", "The file is damaged or hostile; leave it out."
    )


def end_process(process: subprocess.Popen[bytes]) -> None:
    """End a process that is spoken with over pipes, whatever it is doing, and close them."""
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except OSError:
                continue  # the rest of a request to a dead process


def write_frame(stream: IO[bytes], message: Mapping[str, Any], payload: bytes | memoryview = b"") -> None:
    """Write one JSON message and its raw bytes."""
    text = json.dumps(message).encode()
    stream.write(_FRAME.pack(len(text), len(payload)) + text)
    stream.write(payload)
    stream.flush()


def read_frame(stream: IO[bytes]) -> tuple[dict[str, Any], bytes]:
    """Read what `write_frame` wrote; EOFError where the stream ends before."""
    text_length, payload_length = _FRAME.unpack(_read(stream, _FRAME.size))
    if text_length > _MAX_TEXT:
        raise ValueError("a message of absurd length")
    message = json.loads(_read(stream, text_length))
    if not isinstance(message, dict):
        raise ValueError("not an object")  # noqa: TRY004  # one kind of error for every broken frame
    return message, _read(stream, payload_length)


def _read(stream: IO[bytes], length: int) -> bytes:
    data = stream.read(length)
    if len(data) != length:
        raise EOFError
    return data


_idle: list[Sandbox] = []
_lock: Final = threading.Lock()


@contextmanager
def borrowed_sandbox() -> Iterator[Sandbox]:
    """Lend a running child, started at first need and kept for the next borrower."""
    with _lock:
        # A child inherited through a fork belongs to the parent: two owners would mix their frames.
        mine = [sandbox for sandbox in _idle if sandbox.owner == os.getpid()]
        _idle[:] = mine[:-1]
    sandbox = mine[-1] if mine else Sandbox()
    try:
        yield sandbox
    finally:
        with _lock:
            is_kept = len(_idle) < _MAX_IDLE
            if is_kept:
                _idle.append(sandbox)
        if not is_kept:
            sandbox.close()


@atexit.register
def _close_idle() -> None:
    for sandbox in _idle:
        if sandbox.owner == os.getpid():
            sandbox.close()
