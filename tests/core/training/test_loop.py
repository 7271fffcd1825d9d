"""Laws of the training loop."""

import math
import os
import socket
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from sklearn.datasets import load_digits

from ae_core.codecs import metrics
from ae_core.codecs.autoencoder import build_autoencoder
from ae_core.config import ModelConfig, TrainingConfig
from ae_core.data.items import Picture
from ae_core.errors import ConfigError, RunError
from ae_core.locations import project_root
from ae_core.training import batches, loop
from ae_core.training.loop import Training
from ae_core.training.optimisers import SCHEDULES
from ae_core.training.pretraining import layer_pairs
from ae_core.training.state import restore_state, state_of
from tests.pictures import as_floats

ITEMS = np.round(load_digits().images * (255 / 16)).astype(np.uint8)[:, None]  # (1797, 1, 8, 8)
DENSE = ModelConfig(widths=(24,), latent_dim=6, loss="bce")
VAE = ModelConfig(
    architecture="convolutional", widths=(6, 8), latent_dim=4, bottleneck="variational",
    loss="gaussian", corruption="gaussian", corruption_range=(0.0, 0.3), warm_up_epochs=1.0,
)  # fmt: skip


CONVOLUTIONAL = ModelConfig(architecture="convolutional", widths=(6, 8), latent_dim=4, loss="bce")


def make_training(model=DENSE, n_train=300, n_held_out=100, seed=0, **settings):
    values = {"epochs": 2, "batch_size": 64, "n_threads": 1, "precision": "32", **settings}
    return Training(
        build_autoencoder(model, Picture(size=(1, 8, 8)), seed=seed),
        ITEMS,
        np.arange(n_train),
        np.arange(1000, 1000 + n_held_out),
        TrainingConfig(**values),
    )


def run(training):
    for _ in training.steps():
        pass
    return training


def without_seconds(history):
    return [{key: value for key, value in entry.items() if key != "seconds"} for entry in history]


def weights_of(training):
    return {name: value.clone() for name, value in training.model.state_dict().items()}


def assert_same_weights(first, second):
    for name, value in first.items():
        assert torch.equal(value, second[name]), name


def test_the_loop_equals_a_bare_one_written_by_hand():
    """Same weights after plain gradient steps on the same batches; the loop adds nothing."""
    training = make_training(optimiser="sgd", learning_rate=1e-3, batch_size=300, epochs=3)
    bare = build_autoencoder(DENSE, Picture(size=(1, 8, 8)), seed=0)
    optimiser = torch.optim.SGD(bare.parameters(), lr=1e-3, momentum=0.9)
    items = torch.from_numpy(ITEMS[:300]).float() / 255
    for _ in range(3):
        logits = bare.decoder(bare.encode(items))
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, items, reduction="sum")
        optimiser.zero_grad()
        (loss / 300).backward()
        optimiser.step()
    run(training)
    for name, value in bare.state_dict().items():
        torch.testing.assert_close(training.model.state_dict()[name], value, msg=name)


@pytest.mark.parametrize("optimiser", ["adam", "adamw", "sgd"])
@pytest.mark.parametrize("stop_after", [3, 5, 7])
def test_a_resumed_run_equals_an_uninterrupted_one_to_the_bit(optimiser, stop_after):
    """Stopped in the middle of an epoch, at its last step, and after it; channels last and all."""
    settings = {"optimiser": optimiser, "learning_rate": 1e-3, "schedule": "one_cycle"}
    whole = run(make_training(VAE, **settings))
    first = make_training(VAE, **settings)
    for number, _ in enumerate(first.steps(), 1):
        if number == stop_after:
            break
    tensors, rest = state_of(first)
    second = make_training(VAE, seed=9, **settings)  # other weights: all must come from the state
    restore_state(second, tensors, rest)
    run(second)
    assert_same_weights(weights_of(whole), weights_of(second))
    assert without_seconds(second.history) == without_seconds(whole.history)


def test_the_state_is_a_copy():
    training = make_training()
    steps = training.steps()
    next(steps)
    tensors, _ = state_of(training)
    before = {name: value.clone() for name, value in tensors.items()}
    next(steps)
    assert_same_weights(before, tensors)


def test_the_seed_decides_the_run():
    first, same = run(make_training(VAE)), run(make_training(VAE))
    other = run(make_training(VAE).__class__(
        build_autoencoder(VAE, Picture(size=(1, 8, 8)), seed=0),
        ITEMS, np.arange(300), np.arange(1000, 1100),
        TrainingConfig(epochs=2, batch_size=64, seed=1),
    ))  # fmt: skip
    assert_same_weights(weights_of(first), weights_of(same))
    assert without_seconds(first.history) != without_seconds(other.history)


def test_items_read_ahead_from_disk_give_the_same_run(monkeypatch, tmp_path):
    resident = run(make_training(VAE))
    np.save(tmp_path / "items.npy", ITEMS)
    monkeypatch.setattr(batches, "fits", lambda n_bytes, device: False)
    monkeypatch.setattr(
        sys.modules[__name__], "ITEMS", np.load(tmp_path / "items.npy", mmap_mode="r")
    )
    streamed = make_training(VAE)
    assert streamed.train_items.resident is None
    assert_same_weights(weights_of(resident), weights_of(run(streamed)))


def test_the_history_holds_what_an_independent_evaluation_finds():
    training = run(make_training())
    items = as_floats(ITEMS[1000:1100])
    with torch.no_grad():
        pictures = training.model.reconstruct(items)
        nats = training.model.loss(training.model.decoder(training.model.encode(items)), items)
    held_out = training.history[-1]["held_out"]
    assert held_out["mse"] == pytest.approx(metrics.mean_squared_error(pictures, items), rel=1e-5)
    assert held_out["bce"] == pytest.approx(metrics.binary_cross_entropy(pictures, items), rel=1e-4)
    assert held_out["reconstruction"] == pytest.approx(nats.mean().item(), rel=1e-5)


def test_a_centred_net_starts_from_the_mean_of_the_training_items():
    centred = DENSE.model_copy(update={"centred": True})
    training = make_training(centred)
    model = training.model
    mean = training.train_items.items[training.train_items.indices].mean(axis=0) / 255  # (C, H, W)
    expected = torch.tensor(mean, dtype=torch.float32)[None]
    assert model.encoder.inputs(expected).abs().max() < 1e-6
    # with codes of zero only the last bias speaks, and it says the mean, away from pure black
    blank = torch.zeros(1, model.latent_dim)
    torch.testing.assert_close(model.decode(blank), expected.clamp(0.02, 0.98))


def test_centring_helps_where_pictures_are_alike_on_the_whole():
    """Bright pictures that differ a little: the common part swamps a net that is not centred."""
    generator = np.random.default_rng(0)
    axes = generator.normal(0, 12, (4, 400))
    items = (200 + generator.normal(size=(400, 4)) @ axes).clip(0, 255).astype(np.uint8)
    losses = {}
    for is_centred in (False, True):
        config = ModelConfig(latent_dim=4, widths=(32,), centred=is_centred)
        model = build_autoencoder(config, Picture(size=(1, 20, 20)), seed=0)
        settings = TrainingConfig(epochs=20, learning_rate=3e-3, n_threads=1)
        rows = np.arange(400)
        training = Training(model, items.reshape(-1, 1, 20, 20), rows[:300], rows[300:], settings)
        losses[is_centred] = run(training).history[-1]["held_out"]["mse"]
    assert losses[True] < losses[False] / 2


def test_pretraining_gives_a_better_start():
    deep = ModelConfig(widths=(40, 24), latent_dim=6, loss="bce", activation="silu")
    settings = {"n_train": 900, "epochs": 1, "learning_rate": 3e-3}
    plain = run(make_training(deep, **settings))
    pretrained = run(make_training(deep, greedy_pretraining_epochs=4, **settings))
    assert [entry["epoch"] for entry in pretrained.history] == [1]
    losses = [each.history[0]["held_out"]["objective"] for each in (plain, pretrained)]
    assert losses[1] < losses[0]


def test_pretraining_resumes_in_the_middle_of_a_layer():
    deep = ModelConfig(widths=(16, 12), latent_dim=4, residual=True)
    settings = {"epochs": 1, "greedy_pretraining_epochs": 1}
    whole = run(make_training(deep, **settings))
    first = make_training(deep, **settings)
    for number, moment in enumerate(first.steps(), 1):
        if number == 7:  # five steps an epoch: two into the second pair
            assert moment.phase == "layer 2 of 3"
            break
    second = make_training(deep, seed=5, **settings)
    restore_state(second, *state_of(first))
    assert_same_weights(weights_of(whole), weights_of(run(second)))


def test_a_pair_of_layers_leaves_the_others_alone():
    model = build_autoencoder(ModelConfig(widths=(16, 12), latent_dim=4), Picture(size=(1, 8, 8)))
    pair = layer_pairs(model)[1]
    pair(as_floats(ITEMS[:5]))["objective"].backward()
    touched = {name for name, value in model.named_parameters() if value.grad is not None}
    assert touched == {f"{part}.{kind}" for part in ("encoder.layers.2", "decoder.layers.2")
                       for kind in ("weight", "bias")}  # fmt: skip


def test_pretraining_a_convolutional_net_is_refused():
    with pytest.raises(ConfigError, match="`greedy_pretraining_epochs`.*set it to 0"):
        make_training(VAE, greedy_pretraining_epochs=1)


@pytest.mark.parametrize("name", sorted(SCHEDULES))
def test_schedules_stay_between_zero_and_one_and_end_low_or_flat(name):
    factors = [SCHEDULES[name](step / 1000) for step in range(1001)]
    assert max(factors) == pytest.approx(1.0, abs=1e-3)
    assert min(factors) >= 0
    assert factors[-1] == pytest.approx(1.0 if name == "constant" else 0.0, abs=1e-9)
    assert max(abs(a - b) for a, b in pairwise(factors)) < 0.02  # no jumps


def test_a_loss_that_is_no_number_ends_the_run_with_the_remedy():
    exploding = ModelConfig(widths=(24, 24), latent_dim=6, penalty="l1", penalty_weight=1e30)
    with pytest.raises(RunError, match="lower the learning rate"):
        run(make_training(exploding, optimiser="sgd", learning_rate=10.0))


def test_weights_that_the_last_step_made_no_numbers_end_the_run():
    """One batch: the loss that is summed was still a number."""
    training = make_training(n_train=64, epochs=1, weight_decay=1e38, optimiser="sgd")
    with pytest.raises(RunError, match="lower the learning rate"):
        run(training)


def test_at_most_max_items_are_fitted():
    assert len(make_training(max_items=70).train_items) == 70
    assert len(make_training().train_items) == 300


def test_the_l1_preset_s_codes_are_sparser_than_plain_ones_on_real_data():
    settings = {"widths": (32,), "latent_dim": 16, "loss": "bce", "code_activation": "relu"}
    zero_shares, activities = [], []
    for penalty in ("none", "l1"):
        config = ModelConfig(penalty=penalty, penalty_weight=0.5, **settings)
        training = run(make_training(config, n_train=900, epochs=8, learning_rate=3e-3))
        codes = training.model.encode(as_floats(ITEMS[1000:])).detach().numpy()
        zero_shares.append(metrics.zero_share(codes))
        activities.append(metrics.mean_activity(codes))
    assert zero_shares[1] > zero_shares[0] + 0.1
    assert activities[1] < activities[0] / 4


def test_kl_sparsity_pulls_the_mean_activity_to_the_target_on_real_data():
    config = ModelConfig(
        widths=(32,), latent_dim=16, loss="bce", code_activation="sigmoid",
        penalty="kl_sparsity", penalty_weight=20.0, target_rate=0.1,
    )  # fmt: skip
    training = run(make_training(config, n_train=900, epochs=8, learning_rate=3e-3))
    rates = training.model.encode(as_floats(ITEMS[1000:])).mean(dim=0)
    assert rates.mean().item() == pytest.approx(0.1, abs=0.03)


def test_short_numbers_give_nearly_the_same_losses():
    whole, short = run(make_training(VAE)), run(make_training(VAE, precision="bf16"))
    for entry, other in zip(whole.history, short.history, strict=True):
        assert other["held_out"]["mse"] == pytest.approx(entry["held_out"]["mse"], rel=0.1)
    assert all(value.dtype == torch.float32 for value in weights_of(short).values())


def in_two_processes(script, *arguments):
    """Run a script as torchrun would on one machine; what the process of rank 0 printed."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def process(rank):
        environment = {
            **os.environ, "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2",
            "LOCAL_WORLD_SIZE": "2", "GROUP_RANK": "0", "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(port), "TORCHELASTIC_RUN_ID": "test", "OMP_NUM_THREADS": "1",
        }  # fmt: skip
        return subprocess.Popen(
            [sys.executable, "-c", script, *arguments], cwd=project_root(), env=environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    both = [process(0), process(1)]
    printed, errors = both[0].communicate(timeout=120)
    both[1].communicate(timeout=120)
    assert [process.returncode for process in both] == [0, 0], errors
    return printed


LOSSES = """
import atexit, json
from pathlib import Path

def show_threads():
    print("threads", *(path.read_text() for path in Path("/proc/self/task").glob("*/comm")))

atexit.register(show_threads)  # the first registered is called last
from tests.core.training.test_loop import make_training, run
training = run(make_training(n_train=300, epochs=3, learning_rate=3e-3))
if training.rank == 0:
    print(json.dumps([entry["train"]["objective"] for entry in training.history]))
    print(json.dumps([entry["held_out"]["objective"] for entry in training.history]))
"""


def test_two_processes_give_the_loss_curve_of_one():
    printed = in_two_processes(LOSSES)
    assert "threads" in printed and "gloo" not in printed  # they abort the process now and then
    alone = run(make_training(n_train=300, epochs=3, learning_rate=3e-3))
    lines = [line for line in printed.splitlines() if line.startswith("[")]
    for line, split in zip(lines, ("train", "held_out"), strict=True):
        expected = [entry[split]["objective"] for entry in alone.history]
        assert [float(value) for value in line.strip("[]").split(",")] == pytest.approx(
            expected, rel=1e-3
        )
    assert math.isfinite(alone.history[-1]["train"]["objective"])


GRADIENTS = """
import sys
from safetensors.torch import save_file
from tests.core.training.test_loop import CONVOLUTIONAL, make_training
training = make_training(CONVOLUTIONAL, optimiser="sgd", batch_size=300, weight_decay=0.0)
next(training.steps())
gradients = {
    name: training.optimiser.state[parameter]["momentum_buffer"].contiguous()
    for name, parameter in training.model.named_parameters()
}  # after one step the momentum is the gradient that was stepped along
save_file(gradients, f"{sys.argv[1]}/{training.rank}.safetensors")
"""


def test_two_processes_step_along_the_gradient_of_the_whole_batch(tmp_path):
    in_two_processes(GRADIENTS, str(tmp_path))
    model = build_autoencoder(CONVOLUTIONAL, Picture(size=(1, 8, 8)), seed=0)
    items = torch.from_numpy(ITEMS[:300]).float() / 255
    logits = model.decoder(model.encode(items))
    functional = torch.nn.functional
    loss = functional.binary_cross_entropy_with_logits(logits, items, reduction="sum")
    (loss / 300).backward()
    first, second = (load_file(tmp_path / f"{rank}.safetensors") for rank in (0, 1))
    assert first.keys() == dict(model.named_parameters()).keys()
    assert_same_weights(first, second)  # to the bit: else the processes' models would drift apart
    for name, parameter in model.named_parameters():
        largest = parameter.grad.abs().max().item()
        torch.testing.assert_close(
            first[name], parameter.grad, rtol=1e-4, atol=1e-5 * largest, msg=name
        )


def test_more_processes_than_held_out_items_are_refused(monkeypatch):
    """One without items would not take part in the sum that the others wait for."""
    monkeypatch.setattr(loop, "join_processes", lambda: (0, 2, torch.device("cpu")))
    with pytest.raises(ConfigError, match="held-out item for every process; got 1 for 2.*fewer"):
        make_training(n_held_out=1)
