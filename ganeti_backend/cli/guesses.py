"""Did you mean …? For words of the command line, and for names that the cluster does not know.

Only imported after something went wrong, as it takes longer to load than most commands to run.
"""

import difflib
import re
from collections.abc import Iterable
from typing import Protocol

from ganeti_backend.cli.connection import MasterAwayError, MasterError, NoClusterError

MOST = 3
# What the master calls things in its complaints, and what they are called in queries.
KINDS = {
    "node group": "group",
    "group": "group",
    "instance": "instance",
    "node": "node",
    "network": "network",
    "os": "os",
    "job": "job",
}
COMPLAINT = re.compile(
    r"\b(node group|group|instance|node|network|os|job)\b(?: name| id)? "
    r"(?:'(?P<quoted>[^']+)'|(?P<bare>\S+)) (?:is |was )?not (?:known|found)|"
    r"there is no (?P<kind>node group|group|instance|node|network|os|job) '(?P<absent>[^']+)'",
    re.IGNORECASE,
)


class Master(Protocol):
    """What can be asked for the names there are."""

    def call(self, method: str, **arguments: object) -> dict[str, list[list[list[object]]]]: ...


def near(word: str, known: Iterable[str]) -> list[str]:
    """The known words that are spelt like this one, the likeliest first."""
    names = sorted(set(known))
    found = difflib.get_close_matches(word, names, n=MOST, cutoff=0.6)
    found += [name for name in names if name.startswith(word) and name not in found]
    return found[:MOST]


def sentence(word: str, known: Iterable[str]) -> str:
    """A question to put behind a complaint, with a blank in front; empty if nothing is near."""
    found = near(word, known)
    return f" Did you mean {' or '.join(repr(name) for name in found)}?" if found else ""


def of_objects(master: Master, complaint: str) -> str:
    """A question about an object that the complaint says does not exist; mostly empty."""
    match = COMPLAINT.search(complaint)
    if match is None:
        return ""
    kind = (match[1] or match["kind"]).lower()
    word = match["quoted"] or match["bare"] or match["absent"]
    resource = KINDS[kind]
    if resource == "job":
        return ""
    try:
        rows = master.call("Query", resource=resource, names=["name"], qfilter=None)["data"]
    except (MasterError, MasterAwayError, NoClusterError):
        return ""
    return sentence(word, (str(row[0][1]) for row in rows)).strip()
