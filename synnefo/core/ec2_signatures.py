"""Whether a request was signed with an EC2 key: AWS' signatures, versions 2 and 4, and S3's.

`sent` is what the service that got the request tells of it: verb, host, path, params, headers,
body_hash and the signature. What is missing counts as a wrong signature.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

V4 = "AWS4-HMAC-SHA256"


def _mac(key: bytes, text: str, digest: str = "sha256") -> bytes:
    return hmac.new(key, text.encode(), digest).digest()


def _query(params: Mapping[str, str]) -> str:
    pairs = sorted((quote(k, safe="-_.~"), quote(v, safe="-_.~")) for k, v in params.items())
    return "&".join(f"{key}={value}" for key, value in pairs)


def _v2(secret: str, sent: Mapping[str, Any], params: Mapping[str, str]) -> str:
    rest = {name: value for name, value in params.items() if name != "Signature"}
    text = f"{sent['verb']}\n{sent['host']}\n{sent['path']}\n{_query(rest)}"
    digest = "sha256" if rest.get("SignatureMethod") == "HmacSHA256" else "sha1"
    return base64.b64encode(_mac(secret.encode(), text, digest)).decode()


def _fields(authorization: str) -> dict[str, str]:
    """Credential, SignedHeaders and Signature of the header Authorization."""
    parts = [part.partition("=") for part in authorization.removeprefix(V4).split(",")]
    return {name.strip(): value.strip() for name, _, value in parts}


def v4_key(secret: str, scope: str) -> bytes:
    """The key for a scope: date/region/service/aws4_request."""
    key = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        key = _mac(key, part)
    return key


def _v4(secret: str, sent: Mapping[str, Any], params: Mapping[str, str]) -> str:
    headers = {name.lower(): str(value) for name, value in sent["headers"].items()}
    fields = _fields(headers.get("authorization", ""))
    credential = fields.get("Credential") or params["X-Amz-Credential"]
    signed = fields.get("SignedHeaders") or params["X-Amz-SignedHeaders"]
    scope = credential.partition("/")[2]
    inner = {name: value for name, value in params.items() if name != "X-Amz-Signature"}
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in signed.split(";"))
    request = "\n".join(
        (sent["verb"], sent["path"], _query(inner), lines, signed, sent["body_hash"])
    )
    moment = headers.get("x-amz-date") or params["X-Amz-Date"]
    text = "\n".join((V4, moment, scope, hashlib.sha256(request.encode()).hexdigest()))
    return _mac(v4_key(secret, scope), text).hex()


def signature_of(secret: str, sent: Mapping[str, Any]) -> str | None:
    """The right signature for the request; None if it does not tell enough."""
    params = {str(name): str(value) for name, value in sent.get("params", {}).items()}
    headers = {str(name).lower(): str(value) for name, value in sent.get("headers", {}).items()}
    newer = headers.get("authorization", "").startswith(V4) or "X-Amz-Algorithm" in params
    try:
        return _v4(secret, sent, params) if newer else _v2(secret, sent, params)
    except (KeyError, AttributeError):
        return None


def s3_signature_of(secret: str, token: str) -> str | None:
    """The right signature of S3's text to sign, which comes in base64."""
    try:
        text = base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    lines = text.split("\n")
    if lines[0] == V4:
        return _mac(v4_key(secret, lines[2]), text).hex() if len(lines) > 2 else None
    return base64.b64encode(_mac(secret.encode(), text, "sha1")).decode()


def same(right: str | None, given: str) -> bool:
    """Compares in a time that tells nothing."""
    return right is not None and hmac.compare_digest(right.encode(), given.encode())


def moment_of(sent: Mapping[str, Any]) -> datetime | None:
    """When the request says that it was signed; None if it does not."""
    headers = {str(name).lower(): str(value) for name, value in sent.get("headers", {}).items()}
    params = sent.get("params", {})
    text = str(params.get("Timestamp") or params.get("X-Amz-Date") or headers.get("x-amz-date"))
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
