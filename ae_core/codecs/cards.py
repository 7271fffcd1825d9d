"""`card.md`: what a codec was fitted on, how, and how well it does beside PCA."""

from typing import TYPE_CHECKING, Any

import numpy as np
import psutil

from ae_core.codecs.codes import float_batches
from ae_core.codecs.config import CheckpointConfig
from ae_core.codecs.verdict import Kept, Verdict
from ae_core.data.store import DataSet

if TYPE_CHECKING:
    from ae_core.codecs.codec import Codec


def held_out_scores(codec: "Codec", data_set: DataSet, held_out: np.ndarray) -> dict[str, float]:
    """The kind's measures of held-out reconstructions, each a mean over all their numbers."""
    import torch

    from ae_core.codecs.metrics import MEASURES

    sums = dict.fromkeys(data_set.about.item.measures, 0.0)
    with torch.inference_mode():
        for _, originals in float_batches(data_set, held_out):
            decoded = codec.reconstruct(originals)
            for name in sums:
                sums[name] += float(MEASURES[name](decoded, originals)) * len(originals)
    return {name: total / len(held_out) for name, total in sums.items()}


def card_with_verdict(card: str, verdict: Verdict) -> str:
    """A card to which the verdict and PCA's score are added."""
    lines = [
        f"- PCA with {verdict.n_axes} components: MSE {verdict.pca_mse:.5f}",
        f"- the mean item: MSE {verdict.mean_mse:.5f}",
        "",
        f"**{verdict.headline}.** {verdict.sentence} {verdict.remedy}".rstrip(),
    ]
    return card + "\n".join(lines) + "\n"


def make_card(
    config: CheckpointConfig, data_set: DataSet, history: list[dict[str, Any]], kept: Kept
) -> str:
    """`card.md`: what the codec was fitted on, how, and how well it does.

    Args:
        config: The codec's.
        data_set: What it was fitted on.
        history: One entry an epoch, at least one.
        kept: Which epoch's weights it has.
    """
    train, held_out = data_set.split()
    last, entry = history[-1], history[kept.epoch - 1]
    scores = entry["held_out"]
    assert isinstance(scores, dict)
    lines = [
        f"# {config.name}",
        "",
        f"- data: {data_set.about.title} (`{config.data}`), {len(train):,} items to fit on, "
        f"{len(held_out):,} held out; fingerprint `{config.data_fingerprint}`",
        f"- code size: {config.latent_dim}",
        f"- preset: {config.preset or 'none'}",
        f"- seconds: {last['seconds']:.0f}, on {machine()}",
        f"- made again by: `python -m ae_core train my-{config.name} --like {config.name}`",
    ]
    if config.model is not None and config.training is not None:
        of_one = "" if entry is last else f", the weights are those after epoch {kept.epoch}"
        lines.append(f"- epochs: {last['epoch']}{of_one}, seed {config.training.seed}")
        lines.append(f"- model: `{config.model.model_dump_json()}`")
        lines.append(f"- training: `{config.training.model_dump_json()}`")
    lines += ["", f"Held out, a {data_set.about.item.unit} or an item:", ""]
    lines += [f"- {name}: {value:.5f}" for name, value in scores.items()]
    return "\n".join(lines) + "\n"


def machine() -> str:
    """Where it was fitted, in words."""
    import torch

    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"{psutil.cpu_count()} CPU cores, torch {torch.__version__}"
