"""Immutable encrypted files named by the SHA-256 of what they hold.

Layout of a file: magic, whether the content is compressed, length of the content, length of the stored stream; then
the stream in pieces of 1 MiB, each AES-256-GCM. The key is derived for each content, the nonce is the number of the
piece, and header and address are authenticated with every piece, so that no piece can be moved, dropped or added.
"""

from __future__ import annotations

import errno
import hashlib
import os
import struct
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from escc_desktop.errors import EsccError
from escc_desktop.files import digest, sync_folder
from escc_desktop.store.crypto import derive

PIECE_BYTES = 2**20
TAG_BYTES = 16
_MAGIC = b"ESCCBLB1"
_HEADER = struct.Struct("<8sBQQ")
_SAMPLE_BYTES = 2**16
_WORTH_COMPRESSING = 0.5
_NEW = ".new-"
_ABANDONED_S = 3600.0


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
        stream = _compress(content)
        header = _HEADER.pack(_MAGIC, stream is not content, len(content), len(stream))
        if path.exists() and path.stat().st_size == _file_bytes(len(stream)):
            return address
        try:
            _make_folders(path.parent)
            _write_whole(path, self._seal(header, stream, address))
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
        try:
            data = self._path(address).read_bytes()
        except FileNotFoundError:
            raise EsccError(
                f"Blob {address[:12]} of the project is missing.", "Restore the project from a backup."
            ) from None
        except OSError as error:
            raise _explain(error) from error
        content = self._open(data, address)
        if digest(content) != address:
            raise _altered(address)
        return content

    def _path(self, address: str) -> Path:
        return self._folder / address[:2] / address[2:]

    def _seal(self, header: bytes, stream: bytes, address: str) -> Iterator[bytes]:
        cipher = self._cipher(header, address)
        yield header
        for number in range(_pieces(len(stream))):
            piece = stream[number * PIECE_BYTES : (number + 1) * PIECE_BYTES]
            yield cipher.encrypt(_nonce(number), piece, header + address.encode())

    def _open(self, data: bytes, address: str) -> bytes:
        header = data[: _HEADER.size]
        if len(header) < _HEADER.size:
            raise _altered(address)
        magic, is_compressed, content_bytes, stream_bytes = _HEADER.unpack(header)
        if magic != _MAGIC or len(data) != _file_bytes(stream_bytes):
            raise _altered(address)
        cipher = self._cipher(header, address)
        step = PIECE_BYTES + TAG_BYTES
        try:
            stream = b"".join(
                cipher.decrypt(_nonce(number), data[start : start + step], header + address.encode())
                for number, start in enumerate(range(_HEADER.size, len(data), step))
            )
        except InvalidTag:
            raise _altered(address) from None
        return zlib.decompressobj().decompress(stream, content_bytes) if is_compressed else stream

    def _cipher(self, header: bytes, address: str) -> AESGCM:
        # One key a content and form of storage: a nonce never meets two plaintexts under one key.
        return AESGCM(derive(self._key, f"blob {address} {hashlib.sha256(header).hexdigest()}"))


def blob_files(folder: Path) -> list[Path]:
    """Return the files of all whole blobs below a folder, sorted."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(_NEW))


def sweep(folder: Path) -> None:
    """Remove what writers that were killed left half-written below a folder."""
    for path in folder.rglob(f"{_NEW}*"):
        if time.time() - path.stat().st_mtime > _ABANDONED_S:
            path.unlink(missing_ok=True)


def _compress(content: bytes) -> bytes:
    sample = content[:_SAMPLE_BYTES]
    middle = content[len(content) // 2 :][:_SAMPLE_BYTES]
    if len(zlib.compress(sample + middle, 1)) > _WORTH_COMPRESSING * len(sample + middle):
        return content
    return zlib.compress(content, 1)


def _pieces(stream_bytes: int) -> int:
    return max(1, -(-stream_bytes // PIECE_BYTES))


def _file_bytes(stream_bytes: int) -> int:
    return _HEADER.size + stream_bytes + TAG_BYTES * _pieces(stream_bytes)


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


def _altered(address: str) -> EsccError:
    return EsccError(f"Blob {address[:12]} of the project was altered.", "Restore the project from a backup.")
