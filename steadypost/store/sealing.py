"""Secrets in the store are encrypted with a key file of this home, which machines that share a store share too."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from steadypost import private
from steadypost.domain.token import Unreadable
from steadypost.store.errors import StoreError

KEY_FILE = "tokens.key"


SIGN_IN_AGAIN = "sign each account in again: 'steadypost account add NAME --channel CHANNEL --replace'"
"""The remedy where the key is lost: it replaces what cannot be read."""


class Unsealable(StoreError, Unreadable):
    """The store's tokens were encrypted with another key than this machine's."""


class Seal:
    """Encrypts and decrypts with one key."""

    def __init__(self, key: bytes, shown: str) -> None:
        self._fernet = Fernet(key)
        self._shown = shown

    def __repr__(self) -> str:
        return f"Seal({self._shown!r})"

    @classmethod
    def at(cls, path: Path) -> Seal:
        """Read the key file, and make it first if there is none."""
        try:
            if not path.exists():
                _make(path)
            private.tighten(path, private.FILE)
            key = path.read_bytes().strip()
        except OSError as error:
            raise Unsealable(
                f"the key file {path} is not to be had ({error.strerror})",
                remedy="See that there is room, and that it and its folder can be read and written",
            ) from error
        try:
            return cls(key, str(path))
        except ValueError:
            raise Unsealable(
                f"the key file {path} holds no key",
                remedy=f"Restore it from a copy; without one, move it away and {SIGN_IN_AGAIN}",
            ) from None

    def close(self, text: str) -> str:
        """Encrypt."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Decrypt, or raise ``Unsealable``."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise Unsealable(
                f"the tokens in the store were not encrypted with the key in {self._shown}",
                remedy=f"Copy the key file from the machine that signed the accounts in, or {SIGN_IN_AGAIN}",
            ) from None


def _make(path: Path) -> None:
    """Make the key file. It appears complete or not at all, and of several who make it at once one wins."""
    private.folder(path.parent)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, private.FILE)
    try:
        with os.fdopen(opened, "wb") as file:
            file.write(Fernet.generate_key())
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
