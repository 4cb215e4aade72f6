"""POST /v3/ec2tokens and /v3/s3tokens: services exchange a signed request for a token.

Only services and administrators may: whoever could ask could try secrets.
"""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse

from synnefo import wiring
from synnefo.api.bodies import mapping, record, text
from synnefo.api.identity import kinds
from synnefo.api.identity.sign_in import refusal
from synnefo.api.identity.tokens import told, valid
from synnefo.api.request import Request
from synnefo.api.routing import FORBIDDEN
from synnefo.core import ec2_signatures
from synnefo.core.faults import Forbidden
from synnefo.intents.identity import credentials, tokens

LIFETIME = timedelta(minutes=15)  # of a signature
WORDS = mapping(text(1, 1024), text(0, 8192, lines=True), 200)
EC2 = record(
    {
        "access": text(1, 255),
        "signature": text(1, 1024),
        "host": text(0, 255),
        "verb": text(1, 16),
        "path": text(1, 4096),
        "params": WORDS,
        "headers": WORDS,
        "body_hash": text(0, 128),
    },
    ("access", "signature", "verb", "path"),
    rest=kinds.free,
)
S3 = record(
    {"access": text(1, 255), "signature": text(1, 1024), "token": text(1, 65536)},
    ("access", "signature", "token"),
    rest=kinds.free,
)
EC2_BODY = record({"credentials": EC2}, ("credentials",))
S3_BODY = record({"credentials": S3}, ("credentials",))


def _check_caller(request: Request) -> None:
    if not request.caller.roles & {"admin", "service"}:
        raise Forbidden(FORBIDDEN)


def _token(request: Request, access: str, right: Any, signature: str) -> HttpResponse:
    """A token of whom the key belongs to; `right` makes the right signature from the secret."""
    found = credentials.key_of(access)
    if found is None or not ec2_signatures.same(right(found[1]), signature):
        raise refusal()
    row, _ = found
    if not (row.user.enabled and row.user.domain.enabled) or row.project is None:
        raise refusal()
    issued = tokens.issue(row.user, row.project, ["ec2credential"])
    shown = valid(issued.text)
    if shown is None:
        raise refusal()
    return told(request, shown, issued.text, 200)


def of_ec2(request: Request) -> HttpResponse:
    """POST /v3/ec2tokens."""
    _check_caller(request)
    sent = request.wish["credentials"]
    signed_at = ec2_signatures.moment_of(sent)
    if signed_at is not None and abs(wiring.clock().now() - signed_at) > LIFETIME:
        raise refusal()

    def right(secret: str) -> str | None:
        return ec2_signatures.signature_of(secret, sent)

    return _token(request, sent["access"], right, sent["signature"])


def of_s3(request: Request) -> HttpResponse:
    """POST /v3/s3tokens."""
    _check_caller(request)
    sent = request.wish["credentials"]

    def right(secret: str) -> str | None:
        return ec2_signatures.s3_signature_of(secret, sent["token"])

    return _token(request, sent["access"], right, sent["signature"])
