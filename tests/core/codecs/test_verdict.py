"""What is said of a trained model: beside scikit-learn's PCA, the mean item, and its own codes."""

import re

import pytest
import torch
from sklearn.decomposition import PCA

from ae_core.codecs.autoencoder import build_autoencoder
from ae_core.codecs.checkpoints import read_checkpoint, save_checkpoint
from ae_core.codecs.config import CheckpointConfig
from ae_core.codecs.verdict import Verdict, measure, read_verdict, remedy_for
from ae_core.config import ModelConfig, TrainingConfig
from ae_core.data.catalogue import load_data_set
from ae_core.locations import checkpoints_dir
from ae_core.training.loop import Training
from tests.pictures import as_floats

SETTINGS = TrainingConfig(epochs=1, n_threads=1, precision="32")


def trained(name, model, **settings):
    """A checkpoint of a model fitted on the digits, its codec and its history."""
    digits = load_data_set("digits")
    training_config = SETTINGS.model_copy(update=settings)
    codec = build_autoencoder(model, digits.about.item, seed=0)
    training = Training(codec, digits.items, *digits.split(), training_config)
    for _ in training.steps():
        pass
    config = CheckpointConfig(
        name=name, data="digits", data_fingerprint=digits.about.fingerprint, model=model,
        item=digits.about.item, latent_dim=model.latent_dim, training=training_config,
    )  # fmt: skip
    save_checkpoint(checkpoints_dir() / name, config, codec.eval())
    return read_checkpoint(checkpoints_dir() / name), codec.requires_grad_(False), training


def test_the_three_errors_are_those_of_independent_computations():
    checkpoint, codec, training = trained("plain", ModelConfig(widths=(24,), latent_dim=6))
    digits = load_data_set("digits")
    train, held_out = digits.split()
    fitted = as_floats(digits.items[train]).flatten(1).numpy()
    others = as_floats(digits.items[held_out]).flatten(1).numpy()
    pca = PCA(6).fit(fitted)
    linear = pca.inverse_transform(pca.transform(others)).clip(0, 1)
    verdict = measure(codec, checkpoint, digits, training.kept)
    assert verdict.model_mse == pytest.approx(training.history[-1]["held_out"]["mse"], rel=1e-4)
    assert verdict.pca_mse == pytest.approx(((linear - others) ** 2).mean(), rel=1e-3)
    assert verdict.mean_mse == pytest.approx(((fitted.mean(0) - others) ** 2).mean(), rel=1e-4)
    assert (verdict.n_items, verdict.latent_dim, verdict.n_active) == (len(held_out), 6, 6)


def test_pca_is_fitted_on_no_more_items_than_the_model_was():
    checkpoint, codec, training = trained(
        "few", ModelConfig(widths=(24,), latent_dim=20), max_items=15
    )
    digits = load_data_set("digits")
    verdict = measure(codec, checkpoint, digits, training.kept)
    train, held_out = digits.split()
    pca = PCA(14).fit(as_floats(digits.items[train[:15]]).flatten(1).numpy())
    others = as_floats(digits.items[held_out]).flatten(1).numpy()
    linear = pca.inverse_transform(pca.transform(others)).clip(0, 1)
    assert verdict.n_axes == 14
    assert verdict.pca_mse == pytest.approx(((linear - others) ** 2).mean(), rel=1e-3)


def test_collapsed_codes_are_named_with_their_remedy():
    model = ModelConfig(widths=(24,), latent_dim=6, bottleneck="variational", beta=1e4, loss="bce")
    checkpoint, codec, training = trained("flat", model, epochs=8, learning_rate=1e-2)
    assert training.history[-1]["held_out"]["kl"] < 0.05
    verdict = measure(codec, checkpoint, load_data_set("digits"), training.kept)
    assert verdict.finding == "collapsed" and verdict.n_active == 0
    assert "all 6 numbers are nearly the same" in verdict.sentence
    assert "Lower `beta` (it was 10000)" in remedy_for(verdict, checkpoint.config, training.history)


def test_a_plain_model_s_codes_may_be_small_and_in_use():
    checkpoint, codec, training = trained("small", ModelConfig(widths=(24,), latent_dim=3))
    with torch.no_grad():
        for parameter in codec.bottleneck.parameters():
            parameter.mul_(0.02)
    digits = load_data_set("digits")
    codes = codec.encode(as_floats(digits.items[digits.split()[1]])).numpy()
    assert (codes.var(axis=0) < 0.01).all()
    assert measure(codec, checkpoint, digits, training.kept).n_active == 3


def a_verdict(**changes):
    values = {
        "n_items": 100, "model_mse": 0.01, "pca_mse": 0.02, "n_axes": 8, "mean_mse": 0.05,
        "difference_se": 0.001, "latent_dim": 8, "n_active": 8, "epoch": 5,
    }  # fmt: skip
    return Verdict(**(values | changes))


@pytest.mark.parametrize(
    ("changes", "finding", "words"),
    [
        ({}, "better", "50 % below that of PCA with 8 numbers a code (0.02), 80 % below"),
        ({"model_mse": 0.03}, "worse than PCA", "50 % above that of PCA"),
        ({"model_mse": 0.0195}, "level", "level with PCA"),
        ({"model_mse": 0.2}, "worse than the mean", "4 times that of the mean item (0.05)"),
        ({"n_active": 0, "model_mse": 0.05}, "collapsed", "all 8 numbers are nearly the same"),
        ({"n_active": 3}, "better", "3 of 8 numbers of a code are in use"),
        ({"pca_mse": 0.0, "n_axes": 1}, "worse than PCA", "above that of PCA with 1 number a"),
        ({"has_diverged": True}, "better", "exploded after epoch 5; the weights kept are that"),
    ],
)
def test_the_worst_that_is_true_is_said(changes, finding, words):
    verdict = a_verdict(**changes)
    assert verdict.finding == finding
    assert words in verdict.sentence
    assert verdict.is_good == (finding in ("better", "level") and not verdict.has_diverged)


def history_of(train, held_out):
    return [
        {
            "train": {"reconstruction": a, "objective": a},
            "held_out": {"reconstruction": b, "objective": b},
        }
        for a, b in zip(train, held_out, strict=True)
    ]


FLAT = history_of([9, 5, 4.9, 4.9, 4.9], [9, 5, 5, 5, 5])


@pytest.mark.parametrize(
    ("changes", "model", "history", "words"),
    [
        ({}, {}, FLAT, "^$"),
        ({"has_diverged": True}, {}, FLAT, "Lower the learning rate .*was 0.002.*try 0.0004"),
        ({"model_mse": 0.03}, {}, history_of([9, 7, 5], [9, 7, 5]), "train it further"),
        ({"model_mse": 0.03}, {}, history_of([9, 2, 1], [9, 5, 5]), "add items"),
        ({"model_mse": 0.03}, {"bottleneck": "variational", "beta": 4.0}, FLAT, "beta.*was 4"),
        ({"model_mse": 0.03}, {"corruption": "blur"}, FLAT, "corruption_range"),
        ({"model_mse": 0.03}, {"penalty": "l1"}, FLAT, "penalty_weight"),
        ({"model_mse": 0.03}, {}, FLAT, "Raise `widths`"),
        ({"model_mse": 0.3}, {}, FLAT, "further.*Lower the learning rate"),
        ({"n_active": 0}, {"penalty": "l1"}, FLAT, "Lower `penalty_weight`"),
    ],
)
def test_each_finding_has_its_remedy(changes, model, history, words):
    item = load_data_set("digits").about.item
    config = CheckpointConfig(
        name="any", data="digits", item=item, latent_dim=8,
        model=ModelConfig(latent_dim=8, **model), training=TrainingConfig(learning_rate=2e-3),
    )  # fmt: skip
    assert re.search(words, remedy_for(a_verdict(**changes), config, history))


def test_a_broken_verdict_is_none(tmp_path):
    assert read_verdict(tmp_path) is None
    (tmp_path / "verdict.json").write_text('{"n_items": 0}')
    assert read_verdict(tmp_path) is None
    (tmp_path / "verdict.json").write_text(a_verdict().model_dump_json())
    assert read_verdict(tmp_path) == a_verdict()
