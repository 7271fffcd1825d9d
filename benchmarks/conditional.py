"""Does the conditional glasses direction leave woman / man alone, where both go together in data?

    python -m benchmarks.conditional [--data faces|celeba-10k] [--checkpoint faces-vae]

The embedded faces are drawn anew so that 78 % of those who wear glasses are men, as in CelebA; a
direction towards glasses is estimated on codes of that sample, once as the mean difference and once
conditionally, with `woman` held fixed. Held-out pictures without glasses are moved by its length,
decoded and encoded again, and linear probes tell what has changed, in sigmas. For the faces they
are fitted on codes of faces where nothing goes together; CelebA has no such sample.
Prints a table, and last a line of JSON.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from ae_core.codecs.checkpoints import find_checkpoint, load_codec
from ae_core.codecs.codec import Codec
from ae_core.codecs.codes import codes_for
from ae_core.data.catalogue import load_data_set
from ae_core.data.faces.portraits import DEFAULT, render_faces
from ae_core.data.item_search import select_items
from ae_core.steering.probes import AttributeProbes, fit_probes
from ae_core.steering.sums import Kind, estimate_direction
from benchmarks.results import encoded

Codes = NDArray[np.float32]
N_DRAWN = 8_000
N_STARTS = 500
# the share of glasses wearers stays; 78 % of them are men
TOGETHER = DEFAULT.replace(eyeglasses_given_woman=0.176, eyeglasses_given_man=0.624)
KINDS: dict[str, Kind] = {"mean difference": "mean", "conditional": "conditional"}


def there_and_back(codec: Codec, codes: Codes) -> Codes:
    """Decode to 8 bits, as a person sees it, and encode again."""
    with torch.inference_mode():
        pictures = codec.item.stored(codec.decode(torch.from_numpy(codes)))
    return encoded(codec, pictures, np.arange(len(pictures)))


def measure(
    codec: Codec,
    codes: Codes,
    attributes: pd.DataFrame,
    starts: Codes,
    probes: AttributeProbes,
    names: dict[str, str],
) -> dict[str, dict[str, float]]:
    """Changes of the probes' scores in sigmas, for each kind of direction.

    Args:
        codec: Decodes and encodes.
        codes: Of the sample that directions are estimated on, (n, latent_dim).
        attributes: Of that sample.
        starts: Codes of other items, which do not wear glasses.
        probes: Of all attributes.
        names: Of the probes and questions "glasses" and "woman" in this data.
    """
    columns = [probes.names.index(names[what]) for what in ("glasses", "woman")]
    before = probes.scores(there_and_back(codec, starts))
    found = {}
    for title, kind in KINDS.items():
        direction = estimate_direction(kind, names["glasses"], (names["woman"],), codes, attributes)
        moved = (starts + direction.step * direction.unit).astype(np.float32)
        change = probes.scores(there_and_back(codec, moved)) - before
        glasses, woman = change[:, columns].mean(axis=0) / probes.sigmas[columns]
        found[title] = {"glasses": float(glasses), "woman": float(woman)}
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.conditional", description=__doc__)
    parser.add_argument("--data", default="faces")
    parser.add_argument("--checkpoint", default="faces-vae")
    options = parser.parse_args(arguments)
    data_set, checkpoint = load_data_set(options.data), find_checkpoint(options.checkpoint)
    codec, codes = load_codec(checkpoint), np.array(codes_for(checkpoint, data_set))
    train, held_out = data_set.split()
    is_drawn = "woman" in data_set.attributes
    names = (
        {"glasses": "eyeglasses", "woman": "woman"}
        if is_drawn
        else {"glasses": "Eyeglasses", "woman": "Male"}
    )
    probes = fit_probes(codes, data_set.attributes[list(names.values())], train, held_out)
    sample, attributes = codes[train], data_set.attributes.iloc[train]
    if is_drawn:
        items, attributes = render_faces(N_DRAWN, seed=7, probabilities=TOGETHER)
        sample = encoded(codec, items, np.arange(len(items)))
    wearers = attributes[names["glasses"]].to_numpy(bool)
    men = attributes[names["woman"]].to_numpy(bool) ^ is_drawn
    without = np.intersect1d(
        select_items(f"not {names['glasses']}", data_set.attributes), held_out
    )[:N_STARTS]
    found = measure(codec, sample, attributes, codes[without], probes, names)
    print(f"{men[wearers].mean():.0%} of {wearers.sum():,} glasses wearers are men")
    print(f"| direction | {names['glasses']}, sigmas | {names['woman']}, sigmas |\n|---|---|---|")
    for title, row in found.items():
        print(f"| {title} | {row['glasses']:.2f} | {row['woman']:.2f} |")
    ratio = abs(found["conditional"]["woman"] / found["mean difference"]["woman"])
    print(f"the conditional one moves {names['woman']} by {ratio:.2f} of what the other does")
    asked = {"data": options.data, "checkpoint": options.checkpoint}
    print(json.dumps({**asked, **found, "ratio": round(ratio, 3)}))


if __name__ == "__main__":
    main()
