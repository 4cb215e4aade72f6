"""What operators set in a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from synnefo.cloud import operator_settings
from synnefo.cloud.errors import CloudError


def test_lines(tmp_path: Path) -> None:
    file = tmp_path / "frontend.env"
    assert operator_settings.read(file, ()) == {}
    file.write_text("# a comment\n\nSYNNEFO_TOKEN_HOURS=4\n SYNNEFO_IMAGE_WEB_HOSTS = \n"[:-3])
    with pytest.raises(CloudError, match="line 4"):
        operator_settings.read(file, ())
    file.write_text("# a comment\n\nSYNNEFO_TOKEN_HOURS=4\nSYNNEFO_IMAGE_WEB_HOSTS=a.org b.org\n")
    assert operator_settings.read(file, ("SYNNEFO_STATE",)) == {
        "SYNNEFO_TOKEN_HOURS": "4",
        "SYNNEFO_IMAGE_WEB_HOSTS": "a.org b.org",
    }


@pytest.mark.parametrize("line", ["PATH=/tmp", "SYNNEFO_STATE=/tmp", "nonsense", "SYNNEFO_x=1"])
def test_what_is_no_setting(tmp_path: Path, line: str) -> None:
    file = tmp_path / "frontend.env"
    file.write_text(line)
    with pytest.raises(CloudError, match="line 1"):
        operator_settings.read(file, ("SYNNEFO_STATE",))
