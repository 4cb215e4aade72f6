"""How far the daemon has come, and what of it a file keeps."""

from hypothesis import given
from hypothesis import strategies as st

from eventd.notifications import Told
from eventd.position import MOST_RANGES, Position

RUNNING = (Told("running", 3), Told("queued", 0))
DONE = (Told("success", 9), Told("error", 0))


def test_a_job_is_unknown_then_open_then_done():
    position = Position()
    assert position.told(1) == ()
    position.tell(1, RUNNING)
    assert position.told(1) == RUNNING
    assert position.unfinished == [1]
    position.tell(1, DONE)
    assert position.told(1) is None
    assert (position.unfinished, position.floor) == ([], 1)


@given(st.permutations(range(1, 30)), st.integers(0, 29))
def test_the_floor_is_below_the_first_gap(order, count):
    position = Position()
    finished = set(order[:count])
    for job_id in order[:count]:
        position.finish(job_id)
    gap = next(n for n in range(1, 31) if n not in finished)
    assert position.floor == gap - 1
    assert all((position.told(n) is None) == (n in finished) for n in range(1, 30))


def test_it_is_kept_on_disk(tmp_path):
    path = tmp_path / "position.json"
    position = Position()
    for job_id in (1, 2, 5, 6):
        position.finish(job_id)
    position.tell(7, RUNNING)
    for durable in (True, False):
        position.save(path, durable=durable)
        loaded = Position.load(path)
        assert (loaded.floor, loaded.unfinished, loaded.told(7)) == (2, [7], RUNNING)
        assert [loaded.told(n) is None for n in range(1, 8)] == [1, 1, 0, 0, 1, 1, 0]


def test_no_file_and_unusable_files(tmp_path):
    path = tmp_path / "position.json"
    assert Position.load(path) is None
    for content in ("", "{}", "[1]", '{"version":9,"done":[],"open":{}}', "\0\0\0"):
        path.write_text(content)
        assert Position.load(path).top == 0


def test_without_the_newer_file_the_synced_one_counts(tmp_path):
    path = tmp_path / "position.json"
    position = Position()
    position.finish(1)
    position.save(path, durable=True)
    position.finish(2)
    position.save(path, durable=False)
    assert Position.load(path).floor == 2
    for content in (b"", b"\0" * 50, b"{"):
        path.write_bytes(content)
        assert Position.load(path).floor == 1
    path.unlink()
    assert Position.load(path).floor == 1


def test_names_of_the_cluster_are_followed(tmp_path):
    path = tmp_path / "position.json"
    position = Position()
    assert position.name_now("a") == "a"
    position.rename("a", "b")
    position.rename("b", "c")
    position.save(path, durable=False)
    position = Position.load(path)
    assert [position.name_now(given) for given in ("a", "b", "c", "x")] == ["c", "c", "c", "x"]
    position.rename("c", "a")
    assert [position.name_now(given) for given in ("a", "b", "c")] == ["a", "a", "a"]


def test_ids_that_were_never_used_are_given_up_at_last():
    position = Position()
    for job_id in range(1, 10 * MOST_RANGES, 2):
        position.finish(job_id)
    assert position.floor > 0
    assert position.told(10 * MOST_RANGES) == ()
