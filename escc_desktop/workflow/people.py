"""What an administrator does about accounts that are there: keep out, let in again, replace a lost password."""

from __future__ import annotations

from collections.abc import Callable

from escc_desktop.errors import EsccError
from escc_desktop.store.accounts import Principal
from escc_desktop.store.lock import RecoveryKey
from escc_desktop.store.store import Login, Store


class People:
    """The accounts of a project in the hands of its administrator.

    Parameters
    ----------
    administrator
        Who does it; that he may has been checked.
    tell
        Called with the id of each account that was changed.
    """

    def __init__(self, store: Store, administrator: Principal, tell: Callable[[str], None]) -> None:
        self._store = store
        self._administrator = administrator
        self._tell = tell

    def disable(self, account_id: str, reason: str) -> None:
        """Keep an account from signing in for good; its work stays, and a reader's letter is free again."""
        if account_id == self._administrator.account_id:
            raise EsccError("This is your own account.", "Another administrator can keep it out.")
        self._store.accounts.disable(self._administrator, account_id, _stated(reason))
        self._tell(account_id)

    def unlock(self, account_id: str, reason: str) -> None:
        """Let an account sign in again at once after too many wrong passwords."""
        self._store.accounts.unlock(self._administrator, account_id, _stated(reason))
        self._tell(account_id)

    def replace_password(self, login: Login, recovery_key: str, reason: str) -> None:
        """Give an account a new password by the authority of the recovery key; its readings and keys stay.

        Raises
        ------
        EsccError
            No recovery key, not this project's, no reason, or a password that is too short.
        """
        self._store.reset_password(RecoveryKey(recovery_key), login, _stated(reason))
        self._tell(login.name)


def _stated(reason: str) -> str:
    if not reason.strip():
        raise EsccError("There is no reason.", "Say why; it stays in the audit trail.")
    return reason.strip()
