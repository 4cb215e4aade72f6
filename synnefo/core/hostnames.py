"""How a guest is called that was given a name for people only."""

import re

LONGEST = 63
_FOREIGN = re.compile(r"[^a-z0-9.-]+")


def hostname(name: str, fallback: str = "server") -> str:
    """The name in lower case with all that no host name may hold taken out, as Nova makes it."""
    plain = re.sub(r"[ _]", "-", name.lower())
    plain = _FOREIGN.sub("", plain).replace(".", "-")
    return plain.strip("-")[:LONGEST].rstrip("-") or fallback
