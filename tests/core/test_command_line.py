"""The command line from outside: what it writes, what it refuses, its exit codes."""

import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from ae_core.__main__ import main
from ae_core.codecs.checkpoints import find_checkpoint, load_codec
from ae_core.codecs.codes import codes_for
from ae_core.codecs.pca import fit_pca
from ae_core.codecs.verdict import read_verdict
from ae_core.data.catalogue import load_data_set
from ae_core.locations import project_root
from ae_core.models.presets import PRESETS
from ae_core.training import runs
from tests.core.codecs.test_checkpoints import save_dense
from tests.core.data.test_pictures import header_only
from tests.waiting import wait_until


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(list(arguments))
    out, err = capsys.readouterr()
    return code, out, err


def test_train_then_train_like_it(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(
        capsys, "train", "first", "--data", "digits", "--preset", "dense",
        "--widths", "30,10", "--latent-dim", "4", "--epochs", "2", "--n-threads", "1",
    )  # fmt: skip
    assert code == 0 and "epoch 2: held-out" in out and "first: done" in out
    first = find_checkpoint("first")
    assert first.config.model is not None and first.config.model.widths == (30, 10)
    assert "--like first" in first.card()
    assert run(capsys, "train", "second", "--like", "first")[0] == 0
    second = find_checkpoint("second")
    assert second.config.model == first.config.model
    assert second.config.training == first.config.training
    weights = [checkpoint.folder / "model.safetensors" for checkpoint in (first, second)]
    assert weights[0].read_bytes() == weights[1].read_bytes()  # same seed, same weights


def test_the_end_of_a_run_and_the_list_say_how_it_stands_to_pca(
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ("--data", "digits", "--epochs", "1", "--n-threads", "1", "--latent-dim", "4")
    _, out, _ = run(capsys, "train", "short", *arguments)
    found = read_verdict(find_checkpoint("short").folder)
    assert found is not None and found.finding == "worse than PCA"
    assert found.sentence in out and found.remedy in out
    assert f"short: {find_checkpoint('short').summary()}. Worse than PCA." in run(capsys, "list")[1]
    code, out, _ = run(capsys, "further", "short", "--epochs", "2")
    assert code == 0 and "epoch 3: held-out" in out and "epoch 4" not in out


@pytest.mark.parametrize(
    ("answer", "state"), [("y", "done"), ("n", "cancelled"), (None, "cancelled")]
)
def test_ctrl_c_asks_what_becomes_of_the_model_so_far(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    answer: str | None,
    state: str,
) -> None:
    asked: list[str] = []

    def input_of(question: str) -> str:
        asked.append(question)
        if answer is None:
            raise EOFError
        return answer

    def pressed(self: object, message: str, fraction: float) -> None:
        if not asked and runs.find_run("long").status.epoch:
            raise KeyboardInterrupt

    monkeypatch.setattr("builtins.input", input_of)
    monkeypatch.setattr("ae_core.__main__._Meter.__call__", pressed)
    arguments = ("--data", "digits", "--epochs", "5000", "--n-threads", "1")
    code, _, err = run(capsys, "train", "long", *arguments)
    assert len(asked) == 1
    wait_until(lambda: not runs.find_run("long").is_going)
    assert runs.find_run("long").status.state == state
    assert code == (0 if state == "done" else 1)
    assert ("resume long" in err) == (state == "cancelled")


def test_pca_is_fitted_to_as_many_items_as_asked(capsys: pytest.CaptureFixture[str]) -> None:
    code, *_ = run(
        capsys, "train", "few", "--data", "digits", "--preset", "pca", "--latent-dim", "3",
        "--max-items", "40",
    )  # fmt: skip
    data = load_data_set("digits")
    expected = fit_pca(data, data.split()[0][:40], 3)
    assert code == 0
    found = load_codec(find_checkpoint("few")).state_dict()["components"]
    assert torch.equal(found, expected.components)


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = [sys.executable, "-m", "ae_core", "list"]
    with subprocess.Popen(
        command, cwd=project_root(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as listing:
        assert listing.stdout is not None and listing.stderr is not None
        listing.stdout.close()
        assert listing.stderr.read() == b""


def test_encode_and_project_write_what_the_library_gives(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    save_dense()
    codes_file, points_file = tmp_path / "codes.npy", tmp_path / "points.npy"
    assert run(capsys, "encode", "mine", "--output", str(codes_file))[0] == 0
    expected = codes_for(find_checkpoint("mine"), load_data_set("digits"))
    np.testing.assert_array_equal(np.load(codes_file), expected)
    assert (
        run(capsys, "project", "mine", "--output", str(points_file), "--n-components", "3")[0] == 0
    )
    assert np.load(points_file).shape == (1797, 3)


def test_list_names_everything(capsys: pytest.CaptureFixture[str]) -> None:
    folder = save_dense()
    save_dense("broken")
    (folder.parent / "broken" / "config.json").write_text("{")
    code, out, _ = run(capsys, "list")
    assert code == 0
    for word in ("digits", "mine: dense autoencoder", "broken: cannot be used", *PRESETS):
        assert word in out


def test_hostile_files_are_refused_in_words(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for index in range(20):
            archive.writestr(f"huge-{index}.png", header_only(20_000, 10_000))
    images = np.zeros((30, 9, 9), np.uint8)
    np.savez(tmp_path / "a.npz", images=images, phase=np.zeros(30, complex))
    for name, words in (("a.zip", "20,000 x 10,000 pixels"), ("a.npz", "`phase` must be")):
        code, out, err = run(capsys, "add", str(tmp_path / name), "mine")
        assert code == 1 and err.startswith("error: ") and words in err and not out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "x", "--data", "cats"], "no data set 'cats'"),
        (["train", "x"], "`--data` must name"),
        (["train", "x", "--data", "digits", "--latent-dim", "0"], "`latent_dim`"),
        (["train", "x", "--data", "digits", "--widths", "a,b"], "`widths"),
        (["train", "X Y", "--data", "digits"], "`name` must be"),
        (["train", "x", "--data", "digits", "--preset", "pca", "--beta", "2"], "nothing for PCA"),
        (["train", "x", "--data", "digits", "--preset", "pca", "--epochs", "7"], "nothing for PCA"),
        (["encode", "digits-vae", "--output", "/nowhere/x.npy"], "choose another place"),
        (["train", "x", "--like", "gone"], "no checkpoint 'gone'"),
        (["encode", "gone", "--output", "x.npy"], "no checkpoint 'gone'"),
        (["encode", "gone", "--output", "x.txt"], "must end in .npy"),
        (["resume", "gone"], "no run 'gone'"),
        (["add", "gone.zip", "mine"], "no file 'gone.zip'"),
    ],
)
def test_errors_go_to_stderr_without_a_traceback(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    code, out, err = run(capsys, *arguments)
    assert code == 1 and words in err and err.startswith("error: ") and not out
