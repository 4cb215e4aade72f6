"""The progress of a job: one line that grows on a terminal, plain lines in a file."""

import io

import pytest

from ganeti_backend.cli import progress

STAMP = [0, 0]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def entries(*percents):
    copies = [
        [n, STAMP, "message", f"image-copy-progress web1 {p}"] for n, p in enumerate(percents)
    ]
    return [*copies, [99, STAMP, "message", "* starting instance"]]


def shown(stream, *percents):
    screen = progress.Screen(stream)
    for entry in entries(*percents):
        screen.show(entry)
    screen.end()
    return stream.getvalue()


def test_a_file_gets_plain_lines():
    lines = shown(io.StringIO(), 0, 50, 100).splitlines()
    assert [line[25:] for line in lines] == [
        "* copying the image of web1: 0%",
        "* copying the image of web1: 50%",
        "* copying the image of web1: 100%",
        "* starting instance",
    ]


@pytest.mark.parametrize("percents", [(0, 50, 100), (0, 50)])
def test_a_terminal_gets_one_line(percents):
    text = shown(Terminal(), *percents)
    assert text.count("\n") == 2
    assert text.count("\r") == len(percents)
    assert "50% [############............]" in text
    assert text.endswith("* starting instance\n")


def test_words_that_are_no_progress_are_printed():
    stream = Terminal()
    screen = progress.Screen(stream)
    screen.show([1, STAMP, "message", "image-copy-progress web1 soon"])
    screen.show([2, STAMP, "feedback", ["a", 1]])
    assert stream.getvalue().splitlines()[1][25:] == "a 1"
