"""`python -m tests.chaos.accounts`: makes a user with a project for each name and password given.

Reads a JSON object from standard input, for arguments are visible to the whole machine.
"""

import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "synnefo.settings")
django.setup()

from synnefo.intents import installation  # noqa: E402

for name, password in json.load(sys.stdin).items():
    installation.account(name, password, ("member", "reader"))
    installation.demo_quota(name)
