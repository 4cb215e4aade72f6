"""How passwords are hashed."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2(Argon2PasswordHasher):
    """Argon2id with OWASP's parameters: 19 MiB and two passes.

    Django's default takes 100 MiB and eight threads for each login, which several logins at once
    would turn into more memory than the whole cloud needs.
    """

    time_cost = 2
    memory_cost = 19456
    parallelism = 1
