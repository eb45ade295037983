"""A server of nnInteractive's protocol, through the authors' own client: the one importer of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx
import numpy as np
from nnInteractive.inference.remote import (
    ServerAtCapacityError,
    SessionExpiredError,
    nnInteractiveRemoteInferenceSession,
)
from numpy.typing import NDArray

from escc_desktop.errors import EsccError
from escc_desktop.imaging.mask import BoolArray
from escc_desktop.workflow.proposals import PromptKind

_CHECK = "Check the address, and whether the server runs."


class _Session(nnInteractiveRemoteInferenceSession):  # type: ignore[misc]
    """The authors' client; where it cannot be made, it closes its connection."""

    def __init__(self, url: str) -> None:
        try:
            super().__init__(url)
        except BaseException:
            connection: httpx.Client | None = getattr(self, "_http", None)
            if connection is not None:
                connection.close()
            raise


class ProposalServer:
    """One image on a server, and the prompts that were given for it.

    Parameters
    ----------
    url
        Address of the server.
    hu
        Voxels (z, y, x): all that is sent, with their distances.
    spacing_mm
        Along z, y, x.
    """

    def __init__(self, url: str, hu: NDArray[Any], spacing_mm: list[float]) -> None:
        self.url = url
        with self._spoken():
            self._session = _Session(url)
        try:
            with self._spoken():
                self._session.set_image(hu[np.newaxis], {"spacing": spacing_mm})
                self._session.set_target_buffer(np.zeros(hu.shape, dtype=np.uint8))
        except EsccError:
            self.close()
            raise

    def ask(self, kind: PromptKind, marked: BoolArray, *, is_wanted: bool) -> BoolArray:
        """Give one more prompt (z, y, x) and return what the server proposes now.

        Raises
        ------
        EsccError
            The server cannot be reached, is full, forgot the image, or answered nonsense.
        """
        with self._spoken():
            if kind is PromptKind.POINT:
                place = np.argwhere(marked)[0].tolist()
                self._session.add_point_interaction(place, is_wanted)
            elif kind is PromptKind.SCRIBBLE:
                self._session.add_scribble_interaction(marked.astype(np.uint8), is_wanted)
            else:
                self._session.add_lasso_interaction(marked.astype(np.uint8), is_wanted)
        return self._proposal()

    def forget(self) -> None:
        """Have the server forget all prompts, but not the image."""
        with self._spoken():
            self._session.reset_interactions()

    def close(self) -> None:
        """Have the server forget everything."""
        with suppress(httpx.HTTPError):
            self._session.close()

    def _proposal(self) -> BoolArray:
        voxels: BoolArray = np.asarray(self._session.target_buffer) > 0
        return voxels

    @contextmanager
    def _spoken(self) -> Iterator[None]:
        """Turn the client's troubles into sentences."""
        try:
            yield
        except SessionExpiredError as error:
            raise EsccError(
                f"The AI server {self.url} has forgotten this image.", "Show it the lesion again."
            ) from error
        except ServerAtCapacityError as error:
            raise EsccError(f"The AI server {self.url} serves others now.", "Try again in a moment.") from error
        except httpx.TimeoutException as error:
            raise EsccError(f"The AI server {self.url} did not answer in time.", _CHECK) from error
        except httpx.HTTPStatusError as error:
            status = error.response.status_code
            raise EsccError(f"The AI server {self.url} refused (status {status}).", _CHECK) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise EsccError(f"The AI server {self.url} cannot be reached.", _CHECK, str(error)) from error
        except (
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            IndexError,
            RuntimeError,
            json.JSONDecodeError,
        ) as error:
            what = f"The AI server {self.url} answered what this program does not understand."
            raise EsccError(what, "Ask who runs it for its version.", str(error)) from error
