"""A small world for the steering pages: digits, an untrained dense VAE, a page in the shell."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from streamlit.testing.v1 import AppTest

from ae_core.codecs.autoencoder import build_autoencoder
from ae_core.codecs.checkpoints import Checkpoint, save_checkpoint
from ae_core.codecs.config import CheckpointConfig
from ae_core.config import ModelConfig
from ae_core.data.catalogue import load_data_set
from ae_core.locations import checkpoints_dir
from zoetrope.server import SHELL


def save_digits_vae(name: str = "small", latent_dim: int = 6) -> Checkpoint:
    """An untrained dense VAE for digits: its codes are as good as any for testing a page."""
    data = load_data_set("digits")
    model = ModelConfig(widths=(24,), latent_dim=latent_dim, bottleneck="variational", loss="bce")
    torch.manual_seed(0)
    codec = build_autoencoder(model, data.about.item)
    config = CheckpointConfig(
        name=name, data="digits", data_fingerprint=data.about.fingerprint,
        item=data.about.item, latent_dim=latent_dim, model=model,
    )  # fmt: skip
    return save_checkpoint(checkpoints_dir() / name, config, codec)


def open_page(page: str, query: Mapping[str, Any] | None = None) -> AppTest:
    """Open a page on the digits as a browser does with that query in the address.

    Args:
        page: Its file.
        query: More of the address; None as a value takes a name out of it.
    """
    asked = {"data": "digits", "checkpoint": "small", **(query or {})}
    app = AppTest.from_file(str(SHELL), default_timeout=60)
    for opened in (None, page):
        if opened is not None:
            app.switch_page(opened)
        for name, value in asked.items():
            if value is not None:
                app.query_params[name] = value
        app.run()
    return app


def words(app: AppTest) -> str:
    """All that a page says in captions and Markdown."""
    return " ".join(str(element.value) for element in [*app.caption, *app.markdown])


def components(app: AppTest) -> dict[str, Any]:
    """What each of our components on the page is given to draw, by its key."""
    data = {}
    for element in app.get("bidi_component"):
        if element.proto.WhichOneof("data") == "json":
            content = json.loads(element.proto.json)
            key = element.proto.id.split("-", 2)[2]
            data[key] = content[0] if isinstance(content, list) else content
    return data


def stage_of(app: AppTest) -> Any:
    """What the page's one stage is given."""
    stages = [data for data in components(app).values() if "panels" in data]
    assert len(stages) == 1
    return stages[0]


def unpacked(array: Mapping[str, Any]) -> np.ndarray:
    """An array as a component is given it: float32 in base64."""
    return np.frombuffer(base64.b64decode(array["f32"]), "<f4").reshape(array["shape"])
