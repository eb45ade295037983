"""Immutable encrypted files named by the SHA-256 of what they hold.

Layout of a file: magic, length of the content, number of pieces, how many bytes each is stored in; then the pieces.
Each holds 1 MiB of the content, deflated where that is worth it, AES-256-GCM. The key is derived for each content, the
nonce is the number of the piece, and the start of the file and the address are authenticated with every piece, so that
no piece can be moved, dropped or added. Any part of the content can be read alone, and several at a time.

Files of earlier programs, where all pieces are one deflated stream, are read too.
"""

from __future__ import annotations

import errno
import hashlib
import os
import struct
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import FileIO
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import Self

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from numpy.typing import NDArray

from escc_desktop.errors import EsccError
from escc_desktop.files import digest, sync_folder
from escc_desktop.store.crypto import derive

PIECE_BYTES = 2**20
TAG_BYTES = 16
_MAGIC = b"ESCCBLB2"
_HEADER = struct.Struct("<8sQL")
_LENGTH_BYTES = 4
_MAGIC_1 = b"ESCCBLB1"
_HEADER_1 = struct.Struct("<8sBQQ")
_THREADS = 2
_SAMPLE_BYTES = 2**16
_WORTH_COMPRESSING = 0.5
_NEW = ".new-"
_ABANDONED_S = 3600.0


class Blob:
    """The content of one blob, to be read in parts by any thread; to be closed.

    Attributes
    ----------
    address, content_bytes
        Its name, and how long it is.
    """

    def __init__(
        self, file: FileIO, address: str, content_bytes: int, piece_bytes: int, piece: Callable[[int], bytes]
    ) -> None:
        self.address = address
        self.content_bytes = content_bytes
        self._file = file
        self._piece_bytes = piece_bytes
        self._piece = piece

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes from `start` to `stop`, authenticated; several pieces are opened side by side."""
        first = start // self._piece_bytes
        numbers = range(first, max(first + 1, -(-stop // self._piece_bytes)))
        if len(numbers) == 1:
            parts = [self._piece(first)]
        else:
            with ThreadPoolExecutor(_THREADS) as pool:
                parts = list(pool.map(self._piece, numbers))
        before = first * self._piece_bytes
        if start > before:
            parts[0] = parts[0][start - before :]
        whole = parts[0] if len(parts) == 1 else b"".join(parts)
        return whole if len(whole) == stop - start else whole[: stop - start]

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Blobs:
    """The blobs below one folder, under one key.

    Parameters
    ----------
    folder
        Made when the first blob is put.
    key
        32 bytes; every blob has its own sub-key.
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        self._folder = folder
        self._key = key

    def put(self, content: bytes) -> str:
        """Store `content` durably and return its address; what is there already is not written again."""
        address = digest(content)
        path = self._path(address)
        if self._is_there(path, address, len(content)):
            return address
        pieces = _pieces(content)
        start = _HEADER.pack(_MAGIC, len(content), len(pieces)) + np.array(list(map(len, pieces)), "<u4").tobytes()
        cipher = self._cipher(start, address)
        sealed = (
            cipher.encrypt(_nonce(number), piece, start + address.encode()) for number, piece in enumerate(pieces)
        )
        try:
            _make_folders(path.parent)
            _write_whole(path, chain([start], sealed))
        except OSError as error:
            raise _explain(error) from error
        return address

    def get(self, address: str) -> bytes:
        """Return the content of `address`, verified.

        Raises
        ------
        EsccError
            The blob is missing or was altered.
        """
        with self.open(address) as blob:
            content = blob.read(0, blob.content_bytes)
        if digest(content) != address:
            raise altered(address)
        return content

    def open(self, address: str) -> Blob:
        """Return the content of `address` to be read in parts; each part is authenticated.

        Raises
        ------
        EsccError
            The blob is missing or was altered.
        """
        try:
            file = self._path(address).open("rb", buffering=0)
        except FileNotFoundError:
            raise EsccError(
                f"Blob {address[:12]} of the project is missing.", "Restore the project from a backup."
            ) from None
        except OSError as error:
            raise _explain(error) from error
        try:
            return self._opened(file, address)
        except BaseException:
            file.close()
            raise

    def _opened(self, file: FileIO, address: str) -> Blob:
        magic = _read_at(file, 0, len(_MAGIC))
        if magic == _MAGIC_1:
            content = self._content_1(_read_at(file, 0, os.fstat(file.fileno()).st_size), address)
            return Blob(file, address, len(content), max(1, len(content)), lambda _number: content)
        start = _start(file)
        if start is None:
            raise altered(address)
        _, content_bytes, _ = _HEADER.unpack_from(start)
        ends = len(start) + np.cumsum(_stored_bytes(start) + TAG_BYTES)
        cipher = self._cipher(start, address)
        turn = Lock()

        def piece(number: int) -> bytes:
            begin = int(ends[number - 1]) if number else len(start)
            with turn:
                sealed = _read_at(file, begin, int(ends[number]) - begin)
            try:
                stored = cipher.decrypt(_nonce(number), sealed, start + address.encode())
            except InvalidTag:
                raise altered(address) from None
            length = min(PIECE_BYTES, content_bytes - number * PIECE_BYTES)
            return stored if len(stored) == length else zlib.decompressobj().decompress(stored, length)

        return Blob(file, address, content_bytes, PIECE_BYTES, piece)

    def _is_there(self, path: Path, address: str, content_bytes: int) -> bool:
        """Whether a whole file of this content lies there."""
        if not path.exists():
            return False
        try:
            with self.open(address) as blob:
                return blob.content_bytes == content_bytes
        except EsccError:
            return False

    def _path(self, address: str) -> Path:
        return self._folder / address[:2] / address[2:]

    def _content_1(self, data: bytes, address: str) -> bytes:
        """Return the content of a file in the form of earlier programs."""
        header = data[: _HEADER_1.size]
        if len(header) < _HEADER_1.size:
            raise altered(address)
        _, is_compressed, content_bytes, stream_bytes = _HEADER_1.unpack(header)
        step = PIECE_BYTES + TAG_BYTES
        if len(data) != _HEADER_1.size + stream_bytes + TAG_BYTES * max(1, -(-stream_bytes // PIECE_BYTES)):
            raise altered(address)
        cipher = self._cipher(header, address)
        try:
            stream = b"".join(
                cipher.decrypt(_nonce(number), data[start : start + step], header + address.encode())
                for number, start in enumerate(range(_HEADER_1.size, len(data), step))
            )
        except InvalidTag:
            raise altered(address) from None
        return zlib.decompressobj().decompress(stream, content_bytes) if is_compressed else stream

    def _cipher(self, start: bytes, address: str) -> AESGCM:
        # One key a content and form of storage: a nonce never meets two plaintexts under one key.
        return AESGCM(derive(self._key, f"blob {address} {hashlib.sha256(start).hexdigest()}"))


def blob_files(folder: Path) -> list[Path]:
    """Return the files of all whole blobs below a folder, sorted."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(_NEW))


def sweep(folder: Path) -> None:
    """Remove what writers that were killed left half-written below a folder."""
    for path in folder.rglob(f"{_NEW}*"):
        if time.time() - path.stat().st_mtime > _ABANDONED_S:
            path.unlink(missing_ok=True)


def _pieces(content: bytes) -> list[bytes]:
    """Return what is stored of each piece: deflated if that is worth it, else as it is."""
    view = memoryview(content)
    pieces = [view[start : start + PIECE_BYTES] for start in range(0, max(len(view), 1), PIECE_BYTES)]
    if not _is_worth_compressing(content):
        return [bytes(piece) for piece in pieces]
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(_deflated, pieces))


def _deflated(piece: memoryview) -> bytes:
    """Return a piece deflated; as it is where that is not shorter, by which it is known."""
    shorter = zlib.compress(piece, 1)
    return shorter if len(shorter) < len(piece) else bytes(piece)


def _is_worth_compressing(content: bytes) -> bool:
    sample = content[:_SAMPLE_BYTES]
    middle = content[len(content) // 2 :][:_SAMPLE_BYTES]
    return len(zlib.compress(sample + middle, 1)) <= _WORTH_COMPRESSING * len(sample + middle)


def _start(file: FileIO) -> bytes | None:
    """Return header and lengths of a file; None if it is not as long as they say."""
    header = _read_at(file, 0, _HEADER.size)
    if len(header) < _HEADER.size or not header.startswith(_MAGIC):
        return None
    _, content_bytes, count = _HEADER.unpack(header)
    file_bytes = os.fstat(file.fileno()).st_size
    table_ends = _HEADER.size + count * _LENGTH_BYTES
    if count != max(1, -(-content_bytes // PIECE_BYTES)) or table_ends > file_bytes:
        return None
    start = header + _read_at(file, _HEADER.size, table_ends - _HEADER.size)
    stored = int(_stored_bytes(start).sum())
    return start if file_bytes == len(start) + stored + count * TAG_BYTES else None


def _stored_bytes(start: bytes) -> NDArray[np.int64]:
    return np.frombuffer(start, "<u4", offset=_HEADER.size).astype(np.int64)


def _read_at(file: FileIO, start: int, length: int) -> bytes:
    file.seek(start)
    return file.read(length)


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "little")


def _make_folders(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folders(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def _write_whole(path: Path, pieces: Iterator[bytes]) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=_NEW)
    temporary = Path(name)
    try:
        try:
            for piece in pieces:
                _write_all(handle, piece)
            os.fsync(handle)
        finally:
            os.close(handle)
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _write_all(handle: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]


def _explain(error: OSError) -> EsccError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return EsccError("The disk of the project is full.", "Free some space and try again; nothing was lost.")
    return EsccError(f"The project's disk answers: {error.strerror}.", "Check the disk and try again.")


def altered(address: str) -> EsccError:
    """Return the error of a blob that is not what was stored."""
    return EsccError(f"Blob {address[:12]} of the project was altered.", "Restore the project from a backup.")
