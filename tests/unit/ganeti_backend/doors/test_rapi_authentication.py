import base64
import hashlib
import os

import pytest

from ganeti_backend.rapi import authentication
from ganeti_backend.rapi.faults import REALM, HttpFault

DIGEST = hashlib.md5(f"eve:{REALM}:s3cret".encode()).hexdigest()
USERS = f"adam s3cret write\neve {{HA1}}{DIGEST} read\nabel {{ClearText}}x\n# cain y write\nseth\n"


def basic(name, password):
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@pytest.fixture
def users(tmp_path):
    path = tmp_path / "users"
    path.write_text(USERS)
    return authentication.Users(path)


@pytest.mark.parametrize(
    ("name", "password"), [("adam", "s3cret"), ("eve", "s3cret"), ("abel", "x")]
)
def test_known_user(users, name, password):
    assert users.authenticate(basic(name, password)).name == name


@pytest.mark.parametrize(
    "header",
    [None, "", "Basic", "Basic !!", basic("adam", "wrong"), basic("nobody", ""), basic("", "\0"),
     basic("eve", DIGEST), basic("#", "cain"), basic("seth", ""), "Bearer x",
     "Basic " + base64.b64encode(b"adam").decode(),
     "Basic " + base64.b64encode(b"\xff:x").decode()],
)  # fmt: skip
def test_stranger(users, header):
    with pytest.raises(HttpFault) as caught:
        users.authenticate(header)
    assert caught.value.status == 401


def test_withdrawn_user_is_refused_at_once(users, tmp_path):
    users.authenticate(basic("adam", "s3cret"))
    (tmp_path / "new").write_text("adam changed write\n")
    os.replace(tmp_path / "new", tmp_path / "users")
    with pytest.raises(HttpFault):
        users.authenticate(basic("adam", "s3cret"))
    (tmp_path / "users").unlink()
    with pytest.raises(HttpFault):
        users.authenticate(basic("adam", "changed"))


def test_rights(users):
    reader = users.authenticate(basic("eve", "s3cret"))
    authentication.authorize(reader, None)
    authentication.authorize(reader, frozenset({"read", "write"}))
    with pytest.raises(HttpFault) as caught:
        authentication.authorize(reader, frozenset({"write"}))
    assert caught.value.status == 403
