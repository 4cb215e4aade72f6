"""Lets a running Python process read a clock that somebody else steps.

Python imports this by its name at start. The file named by CHAOS_CLOCK holds one number, the
seconds by which the time of day is off; monotonic time stays as it is, as on a real machine.
"""

import mmap
import os
import struct
import time

NUMBER = struct.Struct("<d")


def _install(path: str) -> None:
    with open(path, "rb") as stream:
        shared = mmap.mmap(stream.fileno(), NUMBER.size, prot=mmap.PROT_READ)
    real_time, real_time_ns = time.time, time.time_ns

    def stepped() -> float:
        return real_time() + float(NUMBER.unpack_from(shared)[0])

    def stepped_ns() -> int:
        return real_time_ns() + int(NUMBER.unpack_from(shared)[0] * 1e9)

    time.time, time.time_ns = stepped, stepped_ns


if "CHAOS_CLOCK" in os.environ:
    _install(os.environ["CHAOS_CLOCK"])
