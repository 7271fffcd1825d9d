"""How often does "man with glasses - man + woman" give a woman with glasses?

    python -m benchmarks.algebra --data faces --checkpoints faces-pca,faces-ae,faces-vae

A judge (`benchmarks.judge`) looks at decoded results of random sums of held-out items. A triple
*succeeds* if the judge finds all wanted attributes; it has a *side effect* if the judge sees an
uninvolved attribute otherwise than on the plain reconstruction of the item it began with. *Already*
is how often that reconstruction has all wanted attributes before anything is added: a success that
is no higher says nothing. Heads that the judge itself misses the bar on count in no side effect.
Prints a table, and last a line of JSON.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ae_core.codecs.checkpoints import Checkpoint, find_checkpoint, load_codec
from ae_core.codecs.codec import Codec
from ae_core.codecs.codes import codes_for
from ae_core.data.catalogue import list_data_sets, load_data_set
from ae_core.data.faces.portraits import render_faces
from ae_core.data.item_search import select_items
from ae_core.data.items import Picture
from ae_core.data.store import DataSet, make_data_set
from ae_core.steering.matching import N_PAIRS, fit_matching
from ae_core.steering.sums import Kind, estimate_direction
from benchmarks.judge import Head, Judge, accuracy, labels_of, train_judge

GROUP_SIZES = (1, 4, 16, 64)
DIRECTIONS: dict[str, Kind] = {
    "mean difference": "mean", "linear probe": "probe", "conditional": "conditional",
}  # fmt: skip


@dataclass(frozen=True)
class Sum:
    """start - minus + plus, all three by questions.

    Attributes:
        name: What it does.
        start: Items to begin with.
        minus, plus: Groups whose means are subtracted and added.
        wanted: Heads that must be so afterwards.
        towards: Question of the direction that does the same, among all items.
        fixed: Questions that the conditional direction holds fixed.
        tied: Heads that go with the change in the data itself: reported apart.
    """

    name: str
    start: str
    minus: str
    plus: str
    wanted: dict[str, bool]
    towards: str
    fixed: tuple[str, ...]
    tied: tuple[str, ...] = ()


@dataclass(frozen=True)
class Setting:
    """What is asked of one data set.

    Attributes:
        heads: The judge's questions.
        sums: What is added up.
        epochs: Of the judge.
        min_accuracy: A head below it counts in no side effect.
        n_drawn: The judge learns from so many faces drawn for it; 0: from the data set itself.
    """

    heads: tuple[Head, ...]
    sums: tuple[Sum, ...]
    epochs: int
    min_accuracy: float
    n_drawn: int = 0


COLOURS = ("black", "brown", "chestnut", "blond", "red", "grey")
BACKGROUNDS = ("sand", "sage", "sky", "rose", "lilac", "slate", "teal", "ochre")
FACES = Setting(
    heads=(
        Head("woman", "woman", "not woman"),
        Head("glasses", "glasses", "not glasses"),
        Head("smile", "smile > 0.5", "smile < -0.5"),
        Head("beard", "beard", "not beard"),
        Head("moustache", "moustache", "not moustache"),
        Head("long hair", "hair_length > 0.4", "hair_length < 0.4"),
        *(Head(f"background {b}", f"background = {b}", f"background != {b}") for b in BACKGROUNDS),
        *(
            Head(f"hair {c}", f"hair_colour = {c} and hair_style", f"hair_colour != {c}")
            for c in COLOURS
        ),
    ),
    sums=(
        Sum(
            "man with glasses - man + woman", "glasses and man", "man and not glasses",
            "woman and not glasses", {"woman": True, "glasses": True}, "woman",
            ("glasses", "smile > 0"), ("beard", "moustache", "long hair"),
        ),
        Sum(
            "serious - serious + smiling", "smile < -0.5", "smile < -0.5", "smile > 0.5",
            {"smile": True}, "smile > 0", ("woman", "glasses"),
        ),
        Sum(
            "shaven man - shaven + bearded", "man and not beard", "man and not beard",
            "man and beard", {"beard": True, "woman": False}, "beard", ("woman", "glasses"),
            ("moustache",),
        ),
        Sum(
            "short-haired woman - short + long hair", "woman and hair_length < 0.4",
            "woman and hair_length < 0.4", "woman and hair_length > 0.4",
            {"long hair": True, "woman": True}, "hair_length > 0.4", ("woman", "glasses"),
        ),
    ),
    epochs=4,
    n_drawn=36_000,
    min_accuracy=0.99,
)  # fmt: skip
CELEBA = Setting(
    heads=(
        Head("woman", "not male", "male"),
        Head("glasses", "eyeglasses", "not eyeglasses"),
        Head("smile", "smiling", "not smiling"),
    ),
    sums=(
        Sum(
            "man with glasses - man + woman", "glasses and man", "man and not glasses",
            "woman and not glasses", {"woman": True, "glasses": True}, "not male",
            ("eyeglasses", "smiling"),
        ),
        Sum(
            "serious - serious + smiling", "not smiling", "not smiling", "smiling",
            {"smile": True}, "smiling", ("male", "eyeglasses"),
        ),
    ),
    epochs=12,
    min_accuracy=0.0,  # faces of strangers: reported, not demanded
)  # fmt: skip


@dataclass(frozen=True)
class Bench:
    """One codec on one data set, with its judge."""

    codec: Codec
    codes: NDArray[np.float32]
    data_set: DataSet
    judge: Judge
    heads: tuple[str, ...]
    usable: NDArray[np.bool_]

    @torch.inference_mode()
    def decide(self, codes: NDArray[np.float32]) -> NDArray[np.bool_]:
        """What the judge sees on decoded codes; (n, latent_dim) -> (n, n_heads)."""
        parts = [
            self.codec.item.stored(self.codec.decode(torch.from_numpy(codes[start : start + 256])))
            for start in range(0, len(codes), 256)
        ]
        return self.judge.decide(np.concatenate(parts))

    def items(self, question: str, part: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.intersect1d(select_items(question, self.data_set.attributes), part)


def results(
    bench: Bench, asked: Sum, n_triples: int, seed: int, strengths: Sequence[float] = (1.0,)
) -> Iterator[tuple[str, NDArray[np.int64], NDArray[np.float32]]]:
    """(method, items begun with, codes of the results) for every method."""
    rng = np.random.default_rng(seed)
    train, held_out = bench.data_set.split()
    start = rng.choice(bench.items(asked.start, held_out), n_triples)
    # single items are strangers too; means may be of items that the codec was trained on
    minus, plus = (bench.items(question, train) for question in (asked.minus, asked.plus))
    for size in GROUP_SIZES:
        away = bench.codes[rng.choice(minus, (n_triples, size))].mean(axis=1)
        towards = bench.codes[rng.choice(plus, (n_triples, size))].mean(axis=1)
        name = "single items" if size == 1 else f"means of {size}"
        yield name, start, (bench.codes[start] - away + towards).astype(np.float32)
    matched = fit_matching(bench.codes, minus, np.setdiff1d(plus, minus))
    away, towards = (bench.codes[items].mean(axis=1) for items in matched.pairs(bench.codes[start]))
    for strength in strengths:
        name = f"{N_PAIRS} matched pairs" + (f" x {strength:g}" if strength != 1 else "")
        yield name, start, (bench.codes[start] + strength * (towards - away)).astype(np.float32)
    attributes = bench.data_set.attributes.iloc[train]
    for name, kind in DIRECTIONS.items():
        found = estimate_direction(
            kind, asked.towards, asked.fixed, np.array(bench.codes[train]), attributes
        )
        moved = bench.codes[start] + found.step * found.unit
        yield name, start, moved.astype(np.float32)


def measure(
    bench: Bench,
    asked: Sum,
    n_triples: int,
    seeds: Sequence[int],
    strengths: Sequence[float] = (1.0,),
) -> list[dict[str, object]]:
    """One row a method: means over the seeds, and the spread of the success."""
    columns = {name: index for index, name in enumerate(bench.heads)}
    wanted = {columns[name]: value for name, value in asked.wanted.items()}
    tied = {columns[name] for name in asked.tied if name in columns}
    uninvolved = [
        i for i in range(len(bench.heads)) if bench.usable[i] and i not in wanted and i not in tied
    ]
    found: dict[str, list[tuple[float, float, dict[str, float], float]]] = {}
    for seed in seeds:
        before: NDArray[np.bool_] | None = None
        for method, start, codes in results(bench, asked, n_triples, seed, strengths):
            if before is None:  # the same items for all methods of a seed
                before = bench.decide(np.array(bench.codes[start]))
            after = bench.decide(codes)
            hit = np.all([after[:, i] == value for i, value in wanted.items()], axis=0)
            changed = after != before
            by_head = {bench.heads[i]: float(changed[:, i].mean()) for i in [*uninvolved, *tied]}
            side = changed[:, uninvolved].any(axis=1) if uninvolved else np.zeros(len(hit))
            already = np.all([before[:, i] == value for i, value in wanted.items()], axis=0)
            run = float(hit.mean()), float(side.mean()), by_head, float(already.mean())
            found.setdefault(method, []).append(run)
    return [
        {
            "sum": asked.name, "method": method,
            "success": float(np.mean([run[0] for run in runs])),
            "success_spread": float(np.ptp([run[0] for run in runs])),
            "already": float(np.mean([run[3] for run in runs])),
            "side_effects": float(np.mean([run[1] for run in runs])),
            "changed": {
                name: round(float(np.mean([run[2][name] for run in runs])), 4)
                for name in runs[0][2]
            },
        }
        for method, runs in found.items()
    ]  # fmt: skip


def load_bench(checkpoint: Checkpoint, data_set: DataSet, judge: Judge, setting: Setting) -> Bench:
    labels = labels_of(setting.heads, data_set)
    held_out = data_set.split()[1]
    seen = accuracy(judge.decide(data_set.items[held_out]), labels[held_out])
    return Bench(
        load_codec(checkpoint), codes_for(checkpoint, data_set), data_set, judge,
        tuple(head.name for head in setting.heads), seen >= setting.min_accuracy,
    )  # fmt: skip


def judge_pictures(setting: Setting, data_set: DataSet) -> DataSet:
    """What the judge learns from: faces of another seed, where there is a renderer."""
    if not setting.n_drawn:
        return data_set
    items, attributes = render_faces(setting.n_drawn, seed=1)
    return make_data_set(
        "judge's faces", items, Picture.of(items), attributes, title="Faces of seed 1"
    )


def train_and_check(
    setting: Setting, data_set: DataSet, max_items: int = 0
) -> tuple[Judge, NDArray[np.float64]]:
    """The judge, and its accuracy on real held-out pictures, (n_heads,)."""
    pictures = judge_pictures(setting, data_set)
    judge = train_judge(pictures, setting.heads, epochs=setting.epochs, max_items=max_items)
    held_out = data_set.split()[1]
    labels = labels_of(setting.heads, data_set)[held_out]
    return judge, accuracy(judge.decide(data_set.items[held_out]), labels)


def rebuilt_accuracy(bench: Bench, setting: Setting) -> NDArray[np.float64]:
    """The judge's accuracy on plain reconstructions of held-out pictures, (n_heads,)."""
    held_out = bench.data_set.split()[1]
    labels = labels_of(setting.heads, bench.data_set)[held_out]
    return accuracy(bench.decide(np.array(bench.codes[held_out])), labels)


def in_words(values: NDArray[np.float64], setting: Setting) -> str:
    """One accuracy a head, named."""
    return ", ".join(
        f"{head.name} {value:.3f}" for head, value in zip(setting.heads, values, strict=True)
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.algebra", description=__doc__)
    parser.add_argument("--data", default="faces", choices=list_data_sets())
    parser.add_argument("--checkpoints", default="faces-pca,faces-ae,faces-vae")
    parser.add_argument("--triples", type=int, default=1_000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument(
        "--strengths", type=float, nargs="+", default=[1.0, 1.1, 1.2],
        help="of matched pairs: where the page's sliders are drawn to",
    )  # fmt: skip
    parser.add_argument("--judge-items", type=int, default=0, help="0: the whole training split")
    options = parser.parse_args(arguments)
    data_set = load_data_set(options.data)
    setting = FACES if "woman" in data_set.attributes else CELEBA
    judge, real = train_and_check(setting, data_set, options.judge_items)
    print(f"judge, real held-out pictures: {in_words(real, setting)}")
    report: dict[str, object] = {"data": options.data, "triples": options.triples}
    report["judge"] = dict(
        zip([h.name for h in setting.heads], real.round(4).tolist(), strict=True)
    )
    rows: list[dict[str, object]] = []
    for name in options.checkpoints.split(","):
        bench = load_bench(find_checkpoint(name), data_set, judge, setting)
        rebuilt = rebuilt_accuracy(bench, setting)
        print(f"judge, reconstructions of {name}: {in_words(rebuilt, setting)}")
        report[f"reconstructions of {name}"] = rebuilt.round(4).tolist()
        print(
            f"\n| {name} | method | already | success | spread | side effects |\n"
            "|---|---|---|---|---|---|"
        )
        for asked in setting.sums:
            seeds = range(options.seeds)
            for row in measure(bench, asked, options.triples, seeds, options.strengths):
                rows.append({"checkpoint": name, **row})
                print(
                    f"| {row['sum']} | {row['method']} | {row['already']:.3f} | "
                    f"{row['success']:.3f} | "
                    f"{row['success_spread']:.3f} | {row['side_effects']:.3f} |",
                    flush=True,
                )
        print()
    print(json.dumps({**report, "rows": rows}))


if __name__ == "__main__":
    main()
