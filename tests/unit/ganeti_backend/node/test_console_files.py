import pytest

from ganeti_backend.node import console_files


@pytest.mark.parametrize(
    ("lines", "expected"),
    [(None, "a\nb\nc\n"), (2, "b\nc\n"), (9, "a\nb\nc\n"), (0, ""), (-1, "a\nb\nc\n")],
)
def test_tail(tmp_path, lines, expected):
    (tmp_path / "x.log").write_text("a\nb\nc\n")
    assert console_files.tail(tmp_path / "x.log", lines) == expected


def test_guest_that_never_spoke(tmp_path):
    assert console_files.tail(tmp_path / "none.log", 3) == ""


def test_answer_is_limited_and_bytes_need_not_be_text(tmp_path):
    (tmp_path / "x.log").write_bytes(b"\xff" * (console_files.LONGEST_ANSWER + 5))
    assert len(console_files.tail(tmp_path / "x.log", None)) == console_files.LONGEST_ANSWER


def test_only_long_files_are_emptied(tmp_path):
    (tmp_path / "long.log").write_bytes(b"x" * 11)
    (tmp_path / "short.log").write_bytes(b"x" * 10)
    console_files.trim(tmp_path, limit=10)
    assert (tmp_path / "long.log").read_bytes() == b""
    assert (tmp_path / "short.log").read_bytes() == b"x" * 10
