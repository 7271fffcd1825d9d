"""Codes of a data set: the codec's own, cached under everything they depend on."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from ae_core.codecs import codes as codes_module
from ae_core.codecs.checkpoints import find_checkpoint, load_codec
from ae_core.codecs.codes import cached_codes, codes_for
from ae_core.data.catalogue import load_data_set
from ae_core.data.items import Picture
from ae_core.data.store import make_data_set
from ae_core.errors import DataError
from tests.core.codecs.test_checkpoints import save_dense
from tests.pictures import as_floats


def test_codes_are_what_the_codec_gives_item_by_item() -> None:
    save_dense()
    checkpoint, digits = find_checkpoint("mine"), load_data_set("digits")
    told: list[float] = []
    codes = codes_for(checkpoint, digits, on_progress=lambda _, fraction: told.append(fraction))
    with torch.inference_mode():
        alone = load_codec(checkpoint).encode(as_floats(digits.items[1000:1001])).numpy()[0]
    np.testing.assert_allclose(codes[1000], alone, atol=1e-6)
    assert codes.shape == (1797, 6) and codes.dtype == np.float32
    assert told == sorted(told) and told[-1] == 1.0


def test_no_thread_of_torch_s_waits_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two that share every batch encoded a third of what one did alone, on a busy machine."""
    save_dense()
    checkpoint, digits = find_checkpoint("mine"), load_data_set("digits")
    codec = load_codec(checkpoint)
    n_threads: list[int] = []

    class Watched:
        latent_dim = codec.latent_dim

        def encode(self, items: torch.Tensor) -> torch.Tensor:
            n_threads.append(torch.get_num_threads())
            return codec.encode(items)

    monkeypatch.setattr(codes_module, "load_codec", lambda _: Watched())
    codes = codes_for(checkpoint, digits)
    assert len(n_threads) > 10 and set(n_threads) == {1}
    with torch.inference_mode():
        expected = codec.encode(as_floats(digits.items)).numpy()
    np.testing.assert_allclose(codes, expected, atol=1e-5)  # in their order


def test_they_are_made_once_and_cannot_be_written_through() -> None:
    save_dense()
    checkpoint, digits = find_checkpoint("mine"), load_data_set("digits")
    assert cached_codes(checkpoint, digits) is None
    codes_for(checkpoint, digits)
    again = codes_for(checkpoint, digits, on_progress=lambda *_: pytest.fail("encoded again"))
    with pytest.raises(ValueError, match="read-only"):
        again[0] = 0


def test_other_weights_or_items_are_other_codes() -> None:
    folder = save_dense()
    checkpoint, digits = find_checkpoint("mine"), load_data_set("digits")
    codes_for(checkpoint, digits)
    assert cached_codes(checkpoint, digits.head(100)) is None
    (folder / "config.json").write_text((folder / "config.json").read_text() + " \n")
    assert cached_codes(find_checkpoint("mine"), digits) is None


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY broken"])
def test_a_broken_cache_file_is_made_anew(home: Path, content: bytes) -> None:
    save_dense()
    checkpoint, digits = find_checkpoint("mine"), load_data_set("digits")
    first = np.array(codes_for(checkpoint, digits))
    (path,) = (home / ".cache" / "codes").glob("*.npy")
    path.write_bytes(content)
    np.testing.assert_array_equal(codes_for(checkpoint, digits), first)


def test_an_interrupted_encoding_leaves_no_file(home: Path) -> None:
    save_dense()

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        codes_for(find_checkpoint("mine"), load_data_set("digits"), on_progress=stop)
    assert list((home / ".cache" / "codes").iterdir()) == []


def test_items_of_another_shape_are_refused_with_both_shapes() -> None:
    save_dense()
    items = np.zeros((30, 3, 9, 10), np.uint8)
    other = make_data_set(
        "other", items, Picture.of(items), pd.DataFrame(index=range(30)), title="Other"
    )
    with pytest.raises(DataError, match=r"8 x 8 pixels, grey; .*10 x 9 pixels, colour"):
        codes_for(find_checkpoint("mine"), other)


def test_pixels_survive_the_way_to_floats_and_back() -> None:
    items = np.arange(256, dtype=np.uint8).reshape(1, 1, 16, 16)
    np.testing.assert_array_equal(Picture.of(items).stored(as_floats(items)), items)
