"""Operators find every metric in synnefo/telemetry/README.md, as the source declares it."""

import re

from tests.architecture.metrics_table import HEAD, table, whole
from tests.architecture.source import ROOT, Module

NAME = re.compile(r"\| `([a-z_]+)` \| (counter|gauge|histogram) \|")


def test_the_table_is_that_of_the_source():
    written = (ROOT / "synnefo" / "telemetry" / "README.md").read_text()
    assert whole() in written, (
        "write the output of python -m tests.architecture.metrics_table there"
    )


def test_names_follow_the_custom():
    for name, kind in NAME.findall(whole()):
        assert name.endswith("_total") == (kind == "counter"), name
        assert kind != "histogram" or name.endswith("_seconds"), name
        assert name.startswith(("synnefo_", "eventd_", "ganeti_", "process_", "python_")), name


def test_a_metric_is_found_wherever_it_is_declared():
    text = '"""X."""\nX = Gauge("synnefo_x", "It is.", ("a", "b"))\n'
    expected = "| api | `synnefo_x` | gauge | a, b | It is. |\n"
    assert table([Module("synnefo/api/x.py", text)]) == HEAD + expected
    text = text.replace("Gauge", "GaugeMetricFamily").replace('("a"', 'labels=("a"')
    assert table([Module("synnefo/api/x.py", text)]) == HEAD + expected
