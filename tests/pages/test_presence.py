"""Who else uses a data set or a run."""

from zoetrope.ui.presence import Presence


def everybody(session: str) -> bool:
    return True


def test_others_are_counted_once_each_and_oneself_never() -> None:
    presence = Presence()
    assert presence.note("data set", "faces", "a", everybody) == 0
    assert presence.note("data set", "faces", "a", everybody) == 0
    assert presence.note("data set", "faces", "b", everybody) == 1
    assert presence.note("data set", "faces", "b", everybody) == 1
    assert presence.note("data set", "faces", "c", everybody) == 2


def test_who_went_on_to_another_thing_is_not_there_any_more() -> None:
    presence = Presence()
    presence.note("data set", "faces", "a", everybody)
    presence.note("data set", "digits", "a", everybody)
    assert presence.note("data set", "faces", "b", everybody) == 0
    assert presence.note("data set", "digits", "b", everybody) == 1
    assert presence.note("run", "digits", "b", everybody) == 0


def test_a_closed_window_is_forgotten() -> None:
    presence = Presence()
    presence.note("data set", "faces", "a", everybody)
    presence.note("data set", "faces", "b", everybody)
    assert presence.note("data set", "faces", "c", lambda session: session != "a") == 1
    assert presence.note("data set", "faces", "c", everybody) == 1  # it does not come back
