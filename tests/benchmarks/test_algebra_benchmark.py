"""The algebra benchmark counts what is there: a world where the sum is exact, and one where not."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from ae_core.data.items import Picture
from ae_core.data.store import make_data_set
from benchmarks.algebra import Bench, Sum, measure
from benchmarks.judge import Head, accuracy, labels_of, softened, train_judge

N = 1200
RNG = np.random.default_rng(0)
WOMAN, GLASSES, SMILE = (RNG.random(N) < 0.5 for _ in range(3))
BITS = np.stack([WOMAN, GLASSES, SMILE], axis=1)
ATTRIBUTES = pd.DataFrame({"woman": WOMAN, "glasses": GLASSES, "smile": SMILE})
HEADS = tuple(Head(name, name, f"not {name}") for name in ATTRIBUTES)
ASKED = Sum(
    "sum", "glasses and man", "man and not glasses", "woman and not glasses",
    {"woman": True, "glasses": True}, "woman", ("glasses",),
)  # fmt: skip


class PixelCodec:
    """Three numbers a code, three pixels a picture."""

    item = Picture(size=(1, 1, 3))

    def decode(self, codes: torch.Tensor) -> torch.Tensor:
        return codes.clamp(0, 1)[:, None, None, :]


def bench(codes: np.ndarray) -> Bench:
    items = (BITS[:, None, None, :] * 255).astype(np.uint8)
    data_set = make_data_set("bits", items, Picture.of(items), ATTRIBUTES, title="Bits")
    judge = SimpleNamespace(decide=lambda pictures: pictures[:, 0, 0, :] > 127)
    names = tuple(head.name for head in HEADS)
    return Bench(PixelCodec(), codes.astype(np.float32), data_set, judge, names, np.ones(3, bool))


def test_where_the_sum_is_exact_every_method_succeeds_without_side_effects() -> None:
    for row in measure(bench(BITS.astype(float)), ASKED, 200, [0, 1]):
        assert row["already"] == 0  # no man is a woman yet
        if row["method"] != "single items":
            assert row["success"] == 1, row
        if row["method"] not in ("single items", "means of 4", "means of 16"):
            assert row["side_effects"] == 0, row


def test_single_strangers_bring_their_smiles() -> None:
    """Oracle: a changes where b and c differ and a has room to: half of half the triples."""
    (single, *_) = measure(bench(BITS.astype(float)), ASKED, 4000, [0])
    # the result's smile is a - b + c, clamped: it differs from a in 1 of 4 cases
    assert single["side_effects"] == pytest.approx(0.25, abs=0.03)
    assert single["success"] == 1  # woman: 0 - 0 + 1; glasses: 1 - 0 + 0


def test_where_smile_rides_on_woman_it_is_counted() -> None:
    tangled = BITS.astype(float)
    tangled[:, 2] = 0.4 * BITS[:, 2] + 0.55 * BITS[:, 0]  # the code of smile leaks from woman
    by_method = {row["method"]: row for row in measure(bench(tangled), ASKED, 400, [0])}
    smiling_men = (SMILE & GLASSES & ~WOMAN).sum() / (GLASSES & ~WOMAN).sum()
    assert by_method["means of 64"]["side_effects"] > 0.3
    assert by_method["mean difference"]["changed"]["smile"] == pytest.approx(1.0, abs=0.6)
    assert 0.3 < smiling_men < 0.7


def test_judge_learns_softened_pictures_and_comes_back_from_its_cache() -> None:
    rng = np.random.default_rng(1)
    bright, shaded = rng.random(600) < 0.5, rng.random(600) < 0.5
    items = np.full((600, 1, 16, 16), 60, np.uint8)
    items[bright] += 120
    items[shaded, :, :, :8] = 0
    attributes = pd.DataFrame({"bright": bright, "shaded": shaded})
    data_set = make_data_set("bars", items, Picture.of(items), attributes, title="Bars")
    heads = (Head("bright", "bright", "not bright"), Head("shaded", "shaded", "not shaded"))
    labels, (_, held_out) = labels_of(heads, data_set), data_set.split()
    judge = train_judge(data_set, heads, epochs=6)
    decided = judge.decide(items[held_out])
    assert (accuracy(decided, labels[held_out]) > 0.95).all()
    again = train_judge(data_set, heads, epochs=6)
    np.testing.assert_array_equal(again.decide(items[held_out]), decided)


def test_softening_keeps_the_mean_and_the_second_half_sharp() -> None:
    pictures = torch.rand(8, 3, 16, 16) * 0.5 + 0.25
    soft = softened(pictures, torch.Generator().manual_seed(0))
    assert (soft.mean(dim=(1, 2, 3)) - pictures.mean(dim=(1, 2, 3))).abs().max() < 0.03
    assert (soft[4:] - pictures[4:]).abs().mean() < 0.03
    assert (soft[:4] - pictures[:4]).abs().mean() > 0.03


def test_accuracy_is_balanced_and_leaves_out_the_undecided() -> None:
    decided = np.array([[True], [True], [True], [False]])
    labels = np.array([[1], [0], [np.nan], [0]], np.float32)
    assert accuracy(decided, labels)[0] == pytest.approx((1 + 0.5) / 2)
