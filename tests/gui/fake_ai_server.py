"""A small server of nnInteractive's protocol on this computer: it proposes the voxels near what it was shown."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
from nnInteractive.inference.remote.serialization import pack_array, unpack_array
from scipy import ndimage

CAPABILITIES = {
    "supported_interactions": {"points": True, "scribble": True, "lasso": True},
    "channel_mapping": {"points": [0, 1]},
    "num_interaction_channels": 7,
    "supports_initial_label": True,
    "supports_zero_shot_label_refinement": True,
    "preferred_scribble_thickness": [2, 2, 2],
    "interaction_decay": 0.9,
    "inference_session_version": "fake",
}


class FakeServer:
    """What it was told, and how it misbehaves.

    Attributes
    ----------
    requests
        Paths and metadata, in order.
    trouble
        Path -> status to refuse it with.
    thinking
        Cleared, an outline is not proposed before it is set again.
    """

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.image: np.ndarray | None = None
        self.headers: list[dict[str, str]] = []
        self.proposal = np.zeros((1, 1, 1), dtype=np.uint8)
        self.trouble: dict[str, int] = {}
        self.nonsense = False
        self.thinking = threading.Event()
        self.thinking.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def paths(self) -> list[str]:
        return [path for path, _meta in self.requests]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, path: str, meta: dict[str, Any], body: bytes) -> tuple[int, dict[str, str], bytes]:
        self.requests.append((path, meta))
        if path in self.trouble:
            return self.trouble[path], {}, b"{}"
        plain: dict[str, object] = {}
        if path == "/claim":
            plain = {"lease_token": "token", "idle_timeout_seconds": 600.0, "liveness_timeout_seconds": 0.0}
        elif path == "/capabilities":
            plain = CAPABILITIES
        elif path == "/set_image":
            self.image = unpack_array(body)
            self.proposal = np.zeros(self.image.shape[1:], dtype=np.uint8)
            plain = {"original_image_shape": list(self.image.shape)}
        elif path == "/reset_interactions":
            self.proposal[:] = 0
        elif path.startswith("/add_"):
            return self._propose(meta, body)
        return 200, {}, json.dumps(plain).encode()

    def _propose(self, meta: dict[str, Any], body: bytes) -> tuple[int, dict[str, str], bytes]:
        self.thinking.wait(20)
        if self.nonsense:
            return 200, {"X-Meta": json.dumps({"ran_prediction": True, "bbox": [[0, 1]] * 3})}, b"no array at all"
        shown = np.zeros(self.proposal.shape, dtype=bool)
        if body:
            shown |= unpack_array(body) > 0
        else:
            shown[tuple(meta["coordinates"])] = True
        near = ndimage.binary_dilation(shown)
        self.proposal[near] = int(meta["include_interaction"])
        box = [[0, n] for n in self.proposal.shape]
        return 200, {"X-Meta": json.dumps({"ran_prediction": True, "bbox": box})}, pack_array(self.proposal)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._answer({}, b"")

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                meta = self.headers.get("X-Meta")
                is_json = self.headers.get("Content-Type") == "application/json"
                self._answer(json.loads(meta or (body if is_json else b"{}")), b"" if is_json else body)

            def _answer(self, meta: dict[str, Any], body: bytes) -> None:
                fake.headers.append(dict(self.headers))
                status, headers, content = fake.answer(self.path, meta, body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        return Handler
