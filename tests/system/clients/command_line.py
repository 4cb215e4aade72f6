"""Runs commands of python-openstackclient one after the other in one process.

Its imports take most of a second, which each command would pay for. Reads a JSON list of words a
line, answers with {"code", "out", "err"} a line.
"""

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout


def one(words):
    from openstackclient.shell import OpenStackShell

    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        shell = OpenStackShell()
        shell.stdout, shell.stderr = out, err
        try:
            code = shell.run(words)
        except SystemExit as left:
            code = left.code or 0
    return {"code": code, "out": out.getvalue(), "err": err.getvalue()}


def main():
    answers = sys.stdout
    for line in sys.stdin:
        answers.write(json.dumps(one(json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
