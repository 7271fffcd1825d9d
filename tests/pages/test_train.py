"""The Train page through AppTest: the form, its refusals, a run from start to checkpoint."""

from pathlib import Path

import numpy as np
from streamlit.testing.v1 import AppTest

from ae_core.codecs.checkpoints import find_checkpoint
from ae_core.codecs.verdict import read_verdict
from ae_core.config import ModelConfig, TrainingConfig
from ae_core.data.catalogue import remove_data_set
from ae_core.data.own_files import add_arrays
from ae_core.processes import tasks
from ae_core.training import runs
from tests.pages.steering_world import open_page
from tests.waiting import wait_until
from zoetrope.ui import figures
from zoetrope.ui.plain_text import message


def button(app: AppTest, label: str):  # type: ignore[no-untyped-def]
    return next(found for found in app.button if found.label == label)


def field(app: AppTest, label: str):  # type: ignore[no-untyped-def]
    widgets = [*app.text_input, *app.number_input, *app.selectbox]
    return next(found for found in widgets if found.label == label)


def wait(name: str, timeout_s: float = 90) -> runs.Run:
    wait_until(
        lambda: not runs.find_run(name).is_going,
        timeout_s=timeout_s,
        explain=lambda: runs.find_run(name).status,
    )
    return runs.find_run(name)


def test_it_opens_empty_with_a_form() -> None:
    app = open_page("train.py", {"data": "digits"})
    assert not app.exception
    assert any("No run on this data yet" in info.value for info in app.info)
    assert field(app, "Preset").value == "dense"  # tiny pictures: not a convolution


def test_a_run_from_the_form_becomes_a_checkpoint() -> None:
    app = open_page("train.py", {"data": "digits"})
    field(app, "Code size").set_value(5)
    field(app, "Epochs").set_value(2)
    field(app, "Widths, from the item inwards").set_value("40, 20")
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


def test_the_page_shows_the_epoch_whose_weights_were_kept() -> None:
    app = open_page("train.py", {"data": "digits"})
    field(app, "Epochs").set_value(40)
    field(app, "Patience in epochs").set_value(1)
    field(app, "Learning rate").set_value(0.05)
    field(app, "Name").set_value("patient")
    button(app, "Start training").click().run()
    run = wait("patient")
    assert run.status.state == "done", run.status.message
    history = run.history()
    kept = min(history, key=lambda entry: entry["held_out"]["objective"])  # type: ignore[index,no-any-return]
    assert kept["epoch"] < history[-1]["epoch"] < 40  # type: ignore[operator]
    again = open_page("train.py", {"data": "digits", "run": "patient"})
    shown = {metric.label: metric.value for metric in again.metric}
    assert shown["Held-out MSE"] == f"{kept['held_out']['mse']:.5f}"  # type: ignore[index]
    assert shown["Best epoch"] == str(kept["epoch"])
    assert f"- mse: {kept['held_out']['mse']:.5f}" in find_checkpoint("patient").card()  # type: ignore[index]


def test_items_without_a_label_are_on_the_map_too() -> None:
    points = np.arange(12.0).reshape(6, 2)
    figure = figures.small_map(points, np.array([np.nan, 0, np.nan, 2, 0, np.nan]))
    assert len(figure.data) == 3
    assert sum(len(trace.x) for trace in figure.data) == 6


def test_a_run_whose_data_was_replaced_is_still_shown(tmp_path: Path) -> None:
    random = np.random.default_rng(0)

    def add(n_items: int) -> None:
        archive = tmp_path / "pics.npz"
        images = random.integers(0, 256, (n_items, 8, 8), np.uint8)
        np.savez(archive, images=images, labels=np.array(["a", "b"])[np.arange(n_items) % 2])
        add_arrays(archive, "pics")

    add(200)
    app = open_page("train.py", {"data": "pics"})
    field(app, "Epochs").set_value(1)
    field(app, "Name").set_value("mine")
    button(app, "Start training").click().run()
    assert wait("mine").status.state == "done"
    remove_data_set("pics")
    add(40)
    again = open_page("train.py", {"data": "pics", "run": "mine"})
    assert not again.exception and not again.error


def test_cancel_and_resume_from_the_page() -> None:
    app = open_page("train.py", {"data": "digits"})
    field(app, "Epochs").set_value(5000)
    field(app, "Name").set_value("long")
    button(app, "Start training").click().run()
    wait_until(lambda: runs.find_run("long").status.epoch >= 1)
    app.run()
    button(app, "Cancel").click().run()
    assert runs.find_run("long").is_going  # it asks first
    button(app, "Discard it").click().run()
    assert wait("long").status.state == "cancelled"
    app.run()
    assert not any(
        "Cancelled" in each.value and "Cancelled:" in each.value for each in app.markdown
    )
    button(app, "Resume").click().run()
    assert not app.exception
    assert runs.find_run("long").is_going
    runs.cancel("long")
    wait("long")


def test_a_model_kept_at_a_cancel_is_judged_and_trained_further() -> None:
    app = open_page("train.py", {"data": "digits"})
    field(app, "Epochs").set_value(5000)
    field(app, "Code size").set_value(5)
    field(app, "Name").set_value("kept")
    button(app, "Start training").click().run()
    wait_until(lambda: runs.find_run("kept").status.epoch >= 2)
    app.run()
    button(app, "Cancel").click().run()
    button(app, "Go on training").click().run()
    assert runs.find_run("kept").is_going
    app.run()
    button(app, "Cancel").click().run()
    button(app, "Keep it").click().run()
    assert wait("kept").status.state == "done"
    app = open_page("train.py", {"data": "digits", "run": "kept"})
    found = read_verdict(find_checkpoint("kept").folder)
    assert found is not None
    words = " ".join(each.value for each in [*app.markdown, *app.warning])
    assert found.headline in words and "PCA with 5 numbers a code" in words
    assert "Stopped by hand" in words
    field(app, "Epochs more").set_value(2)
    button(app, "Start").click().run()
    assert not app.exception and not app.error
    assert wait("kept").status.state == "done"
    assert len(runs.find_run("kept").history()) == found.epoch + 2


def test_a_run_that_failed_to_learn_is_not_shown_as_simply_done() -> None:
    app = open_page("train.py", {"data": "digits"})
    field(app, "Epochs").set_value(3)
    field(app, "Learning rate").set_value(9.0)
    field(app, "Name").set_value("wild")
    button(app, "Start training").click().run()
    run = wait("wild")
    assert run.status.state == "done", run.status.message
    app = open_page("train.py", {"data": "digits", "run": "wild"})
    found = read_verdict(find_checkpoint("wild").folder)
    assert found is not None and not found.is_good and found.remedy
    [warning] = [each for each in app.warning if found.headline in each.value]
    assert message(found.sentence) in warning.value and message(found.remedy) in warning.value


def test_bad_input_is_named_and_nothing_starts() -> None:
    app = open_page("train.py", {"data": "digits"})
    field(app, "Widths, from the item inwards").set_value("many").run()
    assert any("numbers between commas" in error.value for error in app.error)
    app = open_page("train.py", {"data": "digits"})
    field(app, "Name").set_value("../evil")
    button(app, "Start training").click().run()
    assert any("`name` must be" in error.value for error in app.error)
    assert runs.list_runs() == [] and not app.exception


def test_settings_that_say_nothing_are_not_shown() -> None:
    app = open_page("train.py", {"data": "digits"})
    labels = {widget.label for widget in [*app.text_input, *app.number_input, *app.selectbox]}
    assert "Penalty" in labels and "Penalty weight" not in labels and "Beta" not in labels
    field(app, "Penalty").select("l1").run()
    assert field(app, "Penalty weight").value > 0


def test_the_time_is_told_before_the_start() -> None:
    app = open_page("train.py", {"data": "digits"})
    captions = [each.value for each in app.caption]
    assert any("being measured" in words for words in captions)
    [task] = [one for one in tasks.list_tasks() if one.kind == "time-training"]
    assert app.sidebar.button(key=f"cancel-{task.task_id}")  # it is in the tray
    wait_until(lambda: tasks.list_tasks()[0].state != "running", timeout_s=120)
    app.run()
    epochs = field(app, "Epochs").value
    words = next(each.value for each in app.caption if each.value.startswith("It takes about"))
    assert f"{epochs} epochs of" in words and "less if it stops improving" in words
    field(app, "Epochs").set_value(1).run()  # no new trial
    assert any(": 1 epoch of" in each.value for each in app.caption)
    assert all(one.state != "running" for one in tasks.list_tasks())


def start(data: str, name: str, *, epochs: int = 1) -> None:
    model = ModelConfig(widths=(16,), latent_dim=4)
    training = TrainingConfig(epochs=epochs, n_threads=1)
    runs.start_run(runs.RunRequest(name=name, data=data, model=model, training=training))
    assert wait(name).status.state == "done"


def test_runs_on_the_chosen_data_are_shown_others_by_name() -> None:
    start("wine", "of-wine")
    app = open_page("train.py", {"data": "digits"})
    assert any("No run on this data yet" in info.value for info in app.info)
    start("digits", "of-digits")
    start("wine", "newest")
    app = open_page("train.py", {"data": "digits"})
    picker = field(app, "Run")
    assert picker.value == "of-digits"
    assert picker.options == ["of-digits", "newest (on wine)", "of-wine (on wine)"]
    picker.select("of-wine").run()  # asked for: shown, and said
    assert any("not on the chosen data" in each.value for each in app.caption)
    app.sidebar.selectbox[0].select("wine").run()
    assert field(app, "Run").value == "newest"


def test_names_are_free() -> None:
    app = open_page("train.py", {"data": "digits"})
    field(app, "Epochs").set_value(1)
    button(app, "Start training").click().run()
    wait("digits-dense")
    assert field(open_page("train.py", {"data": "digits"}), "Name").placeholder == "digits-dense-2"
