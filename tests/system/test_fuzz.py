"""Requests generated from the OpenAPI document: answers are those that the document has.

A bounded run with a fixed seed; `./cloud bench api --fuzz N` is the long one.
"""

import pytest

from tests.bench import fuzz

pytestmark = pytest.mark.system


def test_generated_requests_are_answered_as_the_document_says(shared_cloud):
    found = list(fuzz.everything(shared_cloud, phases="fuzzing", examples=1, seed=5))
    wrong = [f"{one}\n{one.report}" for one in found if not one.good or not one.requests]
    assert not wrong, "\n".join(wrong)
    assert sum(one.requests for one in found) >= 1000
