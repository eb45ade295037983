from __future__ import annotations

import hashlib
import itertools
import os
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escc_desktop.errors import EsccError
from escc_desktop.store.blobs import PIECE_BYTES, Blobs, blob_files, sweep

KEY = bytes(range(32))
RANDOM = np.random.default_rng(5)


@pytest.fixture
def blobs(tmp_path):
    return Blobs(tmp_path / "blobs", KEY)


def _file(blobs, address):
    return blobs._folder / address[:2] / address[2:]


@pytest.mark.parametrize("size", [0, 1, 100, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES + 7])
def test_that_content_comes_back_under_its_sha256(blobs, size):
    content = RANDOM.bytes(size)
    address = blobs.put(content)
    assert address == hashlib.sha256(content).hexdigest()
    assert blobs.get(address) == content
    assert blob_files(blobs._folder) == [_file(blobs, address)]


@given(st.binary(max_size=2000), st.integers(1, 500))
@settings(max_examples=50)
def test_that_any_content_comes_back(tmp_path_factory, content, repeats):
    blobs = Blobs(tmp_path_factory.getbasetemp() / "any-blobs", KEY)
    assert blobs.get(blobs.put(content * repeats)) == content * repeats


def test_that_masks_are_compressed_and_noise_is_not(blobs):
    mask = np.zeros((300, 512, 512), dtype=bool)
    mask[100:150, 200:260, 200:260] = True
    address = blobs.put(np.packbits(mask).tobytes())
    assert _file(blobs, address).stat().st_size < 100_000
    noise = RANDOM.bytes(100_000)
    assert 100_000 <= _file(blobs, blobs.put(noise)).stat().st_size < 100_100


def test_that_the_same_content_is_written_once(blobs):
    address = blobs.put(b"x" * 1000)
    before = _file(blobs, address).stat().st_mtime_ns
    assert blobs.put(b"x" * 1000) == address
    assert _file(blobs, address).stat().st_mtime_ns == before


def test_that_content_is_not_readable_on_disk(blobs):
    address = blobs.put(b"PLANTED" + RANDOM.bytes(1000))
    assert b"PLANTED" not in _file(blobs, address).read_bytes()


def test_that_another_key_opens_nothing(blobs):
    address = blobs.put(b"content" * 10)
    with pytest.raises(EsccError, match="altered"):
        Blobs(blobs._folder, bytes(32)).get(address)


def test_that_a_missing_blob_is_said_so(blobs):
    with pytest.raises(EsccError, match="missing"):
        blobs.get("ab" * 32)


@pytest.mark.parametrize("content", [b"", b"short", b"compress me " * 5000])
def test_that_every_flipped_bit_is_found(blobs, content):
    address = blobs.put(content)
    path = _file(blobs, address)
    whole = path.read_bytes()
    positions = range(len(whole)) if len(whole) < 300 else RANDOM.integers(0, len(whole), 300)
    for position, bit in itertools.product(positions, (0, 7)):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << bit
        path.write_bytes(damaged)
        with pytest.raises(EsccError, match="altered"):
            blobs.get(address)
    path.write_bytes(whole)
    assert blobs.get(address) == content


def test_that_lost_added_and_swapped_pieces_are_found(blobs):
    address = blobs.put(RANDOM.bytes(3 * PIECE_BYTES))
    path = _file(blobs, address)
    whole = path.read_bytes()
    head, step = len(whole) - 3 * (PIECE_BYTES + 16), PIECE_BYTES + 16
    pieces = [whole[head + n * step : head + (n + 1) * step] for n in range(3)]
    for order in [*itertools.permutations(range(3)), (0, 1), (0,), (), (0, 1, 2, 2), (0, 0, 0)]:
        path.write_bytes(whole[:head] + b"".join(pieces[n] for n in order))
        if order == (0, 1, 2):
            blobs.get(address)
            continue
        with pytest.raises(EsccError, match="altered"):
            blobs.get(address)


def test_that_a_blob_under_the_name_of_another_is_found(blobs):
    one, two = blobs.put(b"a" * 500), blobs.put(b"b" * 500)
    _file(blobs, one).write_bytes(_file(blobs, two).read_bytes())
    with pytest.raises(EsccError, match="altered"):
        blobs.get(one)


def test_that_a_truncated_blob_is_found_at_every_length_and_mended_by_putting_it_again(blobs):
    content = RANDOM.bytes(500)
    address = blobs.put(content)
    path = _file(blobs, address)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(EsccError, match="altered"):
            blobs.get(address)
    assert blobs.get(blobs.put(content)) == content


def test_that_half_written_files_are_no_blobs_and_are_swept_away_once_abandoned(blobs):
    address = blobs.put(b"content" * 10)
    half = _file(blobs, address).with_name(".new-abc")
    half.write_bytes(b"half")
    assert blob_files(blobs._folder) == [_file(blobs, address)]
    sweep(blobs._folder)
    assert half.exists()
    os.utime(half, (0, time.time() - 7200))
    sweep(blobs._folder)
    assert not half.exists()
    assert blobs.get(address) == b"content" * 10


@pytest.mark.parametrize("is_noise", [True, False])
def test_that_any_part_is_read_alone_and_as_it_was_stored(blobs, is_noise):
    size = 4 * PIECE_BYTES + 99
    content = RANDOM.bytes(size) if is_noise else bytes(RANDOM.integers(0, 3, size).astype(np.uint8))
    address = blobs.put(content)
    cuts = [(0, 0), (0, size), (5, 17), (PIECE_BYTES - 1, PIECE_BYTES + 1), (3 * PIECE_BYTES, size), (size - 1, size)]
    with blobs.open(address) as blob:
        assert blob.content_bytes == size
        for start, stop in cuts:
            assert blob.read(start, stop) == content[start:stop]


def test_that_an_altered_piece_is_found_only_where_it_is_read(blobs):
    content = RANDOM.bytes(3 * PIECE_BYTES)
    address = blobs.put(content)
    data = bytearray(_file(blobs, address).read_bytes())
    data[-100] ^= 1
    _file(blobs, address).write_bytes(data)
    with blobs.open(address) as blob:
        assert blob.read(10, 2 * PIECE_BYTES) == content[10 : 2 * PIECE_BYTES]
        with pytest.raises(EsccError, match="altered"):
            blob.read(2 * PIECE_BYTES, 3 * PIECE_BYTES)
