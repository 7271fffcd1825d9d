"""Who else uses a data set or a run."""

from zoetrope.ui.presence import RECENT_S, Presence


def test_others_are_counted_once_each_and_oneself_never() -> None:
    presence = Presence()
    assert presence.note("data set", "faces", "a", now_s=0) == 0
    assert presence.note("data set", "faces", "a", now_s=1) == 0
    assert presence.note("data set", "faces", "b", now_s=2) == 1
    assert presence.note("data set", "faces", "b", now_s=3) == 1
    assert presence.note("data set", "faces", "c", now_s=4) == 2


def test_other_things_do_not_count() -> None:
    presence = Presence()
    presence.note("data set", "faces", "a", now_s=0)
    assert presence.note("data set", "digits", "b", now_s=1) == 0
    assert presence.note("run", "faces", "b", now_s=1) == 0


def test_who_was_there_long_ago_is_forgotten() -> None:
    presence = Presence()
    presence.note("data set", "faces", "a", now_s=0)
    assert presence.note("data set", "faces", "b", now_s=RECENT_S) == 1
    assert presence.note("data set", "faces", "b", now_s=RECENT_S + 1) == 0
    assert len(presence._seen) == 1
