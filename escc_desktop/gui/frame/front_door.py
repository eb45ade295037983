"""Jobs of the front door, imported only when one of them runs: the first window is painted before."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any


def job(name: str) -> Callable[..., Any]:
    """Return a function of `workflow.views.front_door` to give to `Tasks.run`; its module is imported by the job."""

    def call(*args: object, **keywords: object) -> Any:
        return getattr(import_module("escc_desktop.workflow.views.front_door"), name)(*args, **keywords)

    return call
