"""The Train page through AppTest: the form, its refusals, a run from start to checkpoint."""

import time

from streamlit.testing.v1 import AppTest

from ae_core import jobs
from ae_core.checkpoints import find_checkpoint
from tests.pages.steering_world import open_page


def button(app: AppTest, label: str):  # type: ignore[no-untyped-def]
    return next(found for found in app.button if found.label == label)


def field(app: AppTest, label: str):  # type: ignore[no-untyped-def]
    widgets = [*app.text_input, *app.number_input, *app.selectbox]
    return next(found for found in widgets if found.label == label)


def wait(name: str, timeout_s: float = 90) -> jobs.Run:
    deadline = time.monotonic() + timeout_s
    while (run := jobs.find_run(name)).is_going:
        assert time.monotonic() < deadline, run.status
        time.sleep(0.05)
    return run


def test_it_opens_empty_with_a_form() -> None:
    app = open_page("train.py", {"data": "digits"})
    assert not app.exception
    assert any("No run yet" in info.value for info in app.info)
    assert field(app, "Preset").value == "dense"  # tiny pictures: not a convolution


def test_a_run_from_the_form_becomes_a_checkpoint() -> None:
    app = open_page("train.py", {"data": "digits"})
    field(app, "Code size").set_value(5)
    field(app, "Epochs").set_value(2)
    field(app, "Widths, from the picture inwards").set_value("40, 20")
    field(app, "Name").set_value("from-the-page")
    button(app, "Start training").click().run()
    assert not app.exception and not app.error
    run = wait("from-the-page")
    assert run.status.state == "done", run.status.message
    config = find_checkpoint("from-the-page").config
    assert config.model is not None
    assert (config.latent_dim, config.model.widths) == (5, (40, 20))
    again = open_page(
        "train.py", {"data": "digits", "run": "from-the-page"}
    )  # a new session: nothing is lost
    assert not again.exception
    shown = {metric.label: metric.value for metric in again.metric}
    last = run.history()[-1]["held_out"]
    assert shown["Held-out MSE"] == f"{last['mse']:.5f}"  # type: ignore[index]


def test_cancel_and_resume_from_the_page() -> None:
    app = open_page("train.py", {"data": "digits"})
    field(app, "Epochs").set_value(5000)
    field(app, "Name").set_value("long")
    button(app, "Start training").click().run()
    deadline = time.monotonic() + 60
    while jobs.find_run("long").status.epoch < 1:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    app.run()
    button(app, "Cancel").click().run()
    assert wait("long").status.state == "cancelled"
    app.run()
    button(app, "Resume").click().run()
    assert not app.exception
    assert jobs.find_run("long").is_going
    jobs.cancel("long")
    wait("long")


def test_bad_input_is_named_and_nothing_starts() -> None:
    app = open_page("train.py", {"data": "digits"})
    field(app, "Widths, from the picture inwards").set_value("many").run()
    assert any("numbers between commas" in error.value for error in app.error)
    app = open_page("train.py", {"data": "digits"})
    field(app, "Name").set_value("../evil")
    button(app, "Start training").click().run()
    assert any("`name` must be" in error.value for error in app.error)
    assert jobs.list_runs() == [] and not app.exception


def test_settings_that_say_nothing_are_not_shown() -> None:
    app = open_page("train.py", {"data": "digits"})
    labels = {widget.label for widget in [*app.text_input, *app.number_input, *app.selectbox]}
    assert "Penalty" in labels and "Penalty weight" not in labels and "Beta" not in labels
    field(app, "Penalty").select("l1").run()
    assert field(app, "Penalty weight").value > 0


def test_names_are_free() -> None:
    app = open_page("train.py", {"data": "digits"})
    field(app, "Epochs").set_value(1)
    button(app, "Start training").click().run()
    wait("digits-dense")
    assert field(open_page("train.py", {"data": "digits"}), "Name").placeholder == "digits-dense-2"
