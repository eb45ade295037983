"""The child process of the sandbox: reads requests from stdin, parses, answers on stdout.

Run as ``python -m escc_desktop.imaging.child MEMORY_BYTES``. It limits itself before it looks at any file.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import IO, Any, Final

from escc_desktop.imaging.sandbox import Refused, read_frame, write_frame

# The only functions a request can name, each in the module that is imported when it is first asked for.
FUNCTIONS: Final = {
    "header": "header",
    "pixels": "pixels",
    "image": "image",
    "rtstruct": "rtstruct",
    "write_rtstruct": "rtstruct",
    "segmentation": "segmentation",
    "write_segmentation": "segmentation",
    "workbook": "workbook",
    "odm": "clinical_xml",
    "json_text": "json_text",
}

_RECURSION: Final = 10_000  # pydicom takes several frames a level; sequences 200 deep are odd but readable


def limit(memory_bytes: int) -> None:
    """Limit memory, forbid writing files and dumping core, where the system can."""
    try:
        import resource  # noqa: PLC0415  # absent on Windows
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def answer(request: dict[str, Any], payload: bytes) -> tuple[dict[str, Any], bytes]:
    """Run the function a request names and return its answer; refusals and faults become codes."""
    name = request["function"]
    if name == "ready":
        return {}, b""
    if "each" in request:
        return _shortened([_answer(name, arguments, b"")[0] for arguments in request["each"]]), b""
    return _answer(name, request["arguments"], payload)


def _shortened(answers: list[dict[str, Any]]) -> dict[str, Any]:
    """Say only once what all answers have alike: files of one folder mostly do."""
    first = answers[0] if answers else {}
    alike = {key for key, value in first.items() if all(other.get(key, answers) == value for other in answers)}
    return {
        "alike": {key: first[key] for key in alike},
        "answers": [{key: value for key, value in one.items() if key not in alike} for one in answers],
    }


def _answer(name: str, arguments: dict[str, Any], payload: bytes) -> tuple[dict[str, Any], bytes]:
    module = importlib.import_module(f"escc_desktop.imaging.{FUNCTIONS[name]}")
    try:
        message, raw = getattr(module, f"answer_{name}")(arguments, payload)
    except Refused as refusal:
        return {"code": refusal.code, "what": refusal.what, "hint": refusal.hint}, b""
    except Exception as error:  # noqa: BLE001  # whatever a parser throws at a foreign file is the file's fault here
        return _fault(name, error), b""
    return message, raw


def _fault(function: str, error: Exception) -> dict[str, Any]:
    code, what, hint = "unreadable", f"The file cannot be read ({type(error).__name__}).", "Export it again."
    if isinstance(error, MemoryError):
        code = "memory"
    elif isinstance(error, RecursionError):
        code, what, hint = "nesting", "The file is nested too deeply.", "It is damaged or hostile; leave it out."
    elif function.startswith("write_"):
        code, what, hint = "defect", repr(error), ""
    return {"code": code, "what": what, "hint": hint}


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Answer requests until the parent closes the pipe."""
    while True:
        try:
            request, payload = read_frame(requests)
        except EOFError:
            return
        write_frame(answers, *answer(request, payload))


def main() -> None:
    """Take over the pipes, set the limits, serve."""
    answers = os.fdopen(os.dup(1), "wb")
    # Libraries that print would break the frames.
    with open(os.devnull, "wb") as silence:  # noqa: PTH123  # a device, not a file
        os.dup2(silence.fileno(), 1)
    limit(int(sys.argv[1]))
    sys.setrecursionlimit(_RECURSION)
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
