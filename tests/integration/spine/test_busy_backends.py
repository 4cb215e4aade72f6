"""Creations that find room only where nobody can be asked just now are looked at again, soon."""

from datetime import timedelta

from synnefo.db.models import Intent
from synnefo.dispatcher import crews


def put_off(spine):
    """How long the only intent is put off."""
    intent = Intent.objects.get()
    assert (intent.state, intent.backend) == ("RECORDED", None)
    return intent.not_before - spine.clock.now()


def test_a_backend_with_enough_to_do_is_free_in_a_moment(spine):
    spine.create()
    spine.submitter._crews._working[spine.backend.pk] = crews.AT_ONCE_PER_BACKEND
    assert spine.submitter.round() == 0
    assert put_off(spine) <= timedelta(seconds=0.1)
    spine.submitter._crews._working.clear()
    spine.clock.ahead += 0.2
    spine.settle()
    assert Intent.objects.get().state == "SUCCEEDED"


def test_one_that_could_not_be_reached_is_left_alone_for_longer(spine):
    spine.create()
    spine.submitter._crews.rest(spine.backend.pk, 5.0)
    assert spine.submitter.round() == 0
    assert timedelta(seconds=0.5) < put_off(spine) <= timedelta(seconds=1)
