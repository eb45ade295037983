"""The few cryptographic steps everything in the store is built from."""

from __future__ import annotations

import secrets

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from escc_desktop.errors import EsccError
from escc_desktop.store.cost import PasswordCost

KEY_BYTES = 32
NONCE_BYTES = 12


class WrongKeyError(EsccError):
    """The key does not fit, or what it should open was altered; the two cannot be told apart."""


def derive(key: bytes, purpose: str) -> bytes:
    """Return the sub-key of `key` for one purpose (HKDF-SHA256, RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose.encode()).derive(key)


def stretch(password: str, salt: bytes, cost: PasswordCost) -> bytes:
    """Return a key from a password (argon2id, RFC 9106)."""
    return hash_secret_raw(
        password.encode(), salt, cost.time, cost.memory_kib, cost.lanes, hash_len=KEY_BYTES, type=Type.ID
    )


def encrypt(key: bytes, plain: bytes, context: str) -> bytes:
    """Return nonce and AES-256-GCM ciphertext, bound to `context`."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, context.encode())


def decrypt(key: bytes, data: bytes, context: str) -> bytes:
    """Undo `encrypt`; raises WrongKeyError for another key, context or altered data."""
    try:
        return AESGCM(key).decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], context.encode())
    except (InvalidTag, ValueError):
        raise WrongKeyError("The key does not fit, or the data was altered.") from None


def seal(public_key: bytes, plain: bytes, context: str) -> bytes:
    """Encrypt for the holder of an X25519 key; only that private key opens it."""
    ephemeral = X25519PrivateKey.generate()
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(public_key))
    sender = ephemeral.public_key().public_bytes_raw()
    return sender + encrypt(_seal_key(shared, sender, public_key), plain, context)


def unseal(private_key: X25519PrivateKey, data: bytes, context: str) -> bytes:
    """Undo `seal`; raises WrongKeyError for another key, context or altered data."""
    sender, box = data[:KEY_BYTES], data[KEY_BYTES:]
    receiver = private_key.public_key().public_bytes_raw()
    try:
        shared = private_key.exchange(X25519PublicKey.from_public_bytes(sender))
    except ValueError:
        raise WrongKeyError("The key does not fit, or the data was altered.") from None
    return decrypt(_seal_key(shared, sender, receiver), box, context)


def _seal_key(shared: bytes, sender: bytes, receiver: bytes) -> bytes:
    return derive(shared + sender + receiver, "seal")
