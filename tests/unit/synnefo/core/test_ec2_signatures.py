"""Signatures as AWS' own documents have them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest

from synnefo.core import ec2_signatures

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
VANILLA = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
SENT = {
    "verb": "GET",
    "host": "example.amazonaws.com",
    "path": "/",
    "params": {},
    "headers": {
        "Host": "example.amazonaws.com",
        "X-Amz-Date": "20150830T123600Z",
        "Authorization": "AWS4-HMAC-SHA256 "
        "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        f"SignedHeaders=host;x-amz-date, Signature={VANILLA}",
    },
    "body_hash": hashlib.sha256(b"").hexdigest(),
}


def test_version_4() -> None:
    assert ec2_signatures.signature_of(SECRET, SENT) == VANILLA
    assert ec2_signatures.signature_of("other", SENT) != VANILLA
    assert ec2_signatures.moment_of(SENT) == datetime(2015, 8, 30, 12, 36, tzinfo=UTC)


@pytest.mark.parametrize("missing", ["verb", "path", "body_hash", "headers"])
def test_what_is_missing_is_wrong(missing: str) -> None:
    sent = {name: value for name, value in SENT.items() if name != missing}
    right = ec2_signatures.signature_of(SECRET, sent)
    assert not ec2_signatures.same(right, VANILLA)


def test_version_2() -> None:
    params = {"Action": "DescribeInstances", "SignatureMethod": "HmacSHA256", "A": "x y"}
    text = "GET\nhost\n/services/Cloud\nA=x%20y&Action=DescribeInstances&SignatureMethod=HmacSHA256"
    right = base64.b64encode(hmac.digest(b"secret", text.encode(), "sha256")).decode()
    sent = {"verb": "GET", "host": "host", "path": "/services/Cloud", "params": params}
    assert ec2_signatures.same(ec2_signatures.signature_of("secret", sent), right)


def test_s3() -> None:
    text = b"GET\n\n\nTue, 27 Mar 2007 19:36:42 +0000\n/awsexamplebucket1/photos/puppy.jpg"
    token = base64.urlsafe_b64encode(text).decode()
    key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    assert ec2_signatures.s3_signature_of(key, token) == "qgk2+6Sv9/oM7G3qLEjTH1a1l1g="
    for bad in (b"\xff", b"AWS4-HMAC-SHA256"):
        assert ec2_signatures.s3_signature_of(key, base64.b64encode(bad).decode()) is None
    assert ec2_signatures.s3_signature_of(key, "!") is None
