"""Requests generated from the OpenAPI document: answers are those that the document has.

A bounded run with a fixed seed; `./cloud bench api --fuzz N` is the long one.
"""

import pytest

from tests.bench import fuzz
from tests.bench.spine import own_cloud

pytestmark = pytest.mark.system


@pytest.fixture
def cloud():
    """One of its own, for an administrator's requests remove what others would need."""
    with own_cloud("embedded") as made:
        yield made


def test_generated_requests_are_answered_as_the_document_says(cloud):
    found = list(fuzz.everything(cloud, phases="fuzzing", examples=1, seed=5))
    wrong = [f"{one}\n{one.report}" for one in found if not one.good or not one.requests]
    assert not wrong, "\n".join(wrong)
    assert sum(one.requests for one in found) >= 1000
