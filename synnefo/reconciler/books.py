"""The books of all projects: quota and addresses, compared in the database alone."""

from __future__ import annotations

import logging
from datetime import datetime

from synnefo.core import ledger
from synnefo.observations import books

log = logging.getLogger(__name__)


def check(now: datetime, *, repair: bool) -> list[ledger.Mistake]:
    """Mistakes that a second look under the lock confirmed; put right if asked.

    The parts come before the sums: to put a part right changes the sum with it.
    """
    found = [one for one in ledger.of_servers(books.accounts()) if _sure(one, now, repair=repair)]
    found += [one for one in books.usage() if _sure(one, now, repair=repair)]
    for one in found if repair else ():
        of = f"server {one.server_id}" if one.server_id else f"project {one.project_id}"
        log.warning("put right: %s: %s: %s", of, one.kind, one.text)
    return found


def _sure(mistake: ledger.Mistake, now: datetime, *, repair: bool) -> bool:
    return books.confirmed(mistake, now, repair=repair)
