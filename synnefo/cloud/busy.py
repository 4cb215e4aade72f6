"""One `./cloud up` or `down` at a time per state folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from synnefo.cloud.errors import CloudError
from synnefo.cloud.layout import cache_folder


@contextmanager
def alone(state: Path) -> Iterator[None]:
    """Hold the folder; the lock lies outside of it, for the folder may be removed."""
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    path = cache / f"busy-{str(state).strip('/').replace('/', '-')[-100:]}.lock"
    while (held := _take(path, state)) is None:
        pass  # It was removed by its last holder while we took it; the next is another file.
    with held:
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _take(path: Path, state: Path) -> IO[str] | None:
    """The locked file, or None when the file is not the one of that name any more."""
    stream = path.open("a+")
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        stream.seek(0)
        holder = stream.read().strip()
        stream.close()
        raise CloudError(
            f"another ./cloud is busy with {state}: wait for it, or end its process {holder}"
        ) from None
    if not path.exists() or not os.path.samestat(os.fstat(stream.fileno()), path.stat()):
        stream.close()
        return None
    stream.truncate(0)
    stream.write(str(os.getpid()))
    stream.flush()
    return stream
