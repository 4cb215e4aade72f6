"""How passwords are hashed."""

import os
import threading

from django.contrib.auth.hashers import Argon2PasswordHasher

# Each hash holds a core and 19 MiB: more of them at once than cores would only hold memory.
_AT_ONCE = threading.BoundedSemaphore(os.cpu_count() or 1)


class Argon2(Argon2PasswordHasher):
    """Argon2id with OWASP's parameters: 19 MiB and two passes.

    Django's default takes 100 MiB and eight threads for each login, which several logins at once
    would turn into more memory than the whole cloud needs.
    """

    time_cost = 2
    memory_cost = 19456
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        """As everywhere, in turn."""
        with _AT_ONCE:
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        """As everywhere, in turn."""
        with _AT_ONCE:
            return super().verify(password, encoded)
