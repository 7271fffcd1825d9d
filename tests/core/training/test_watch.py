"""What a run keeps to be looked at: frames within a budget, of held-out items."""

import numpy as np
from PIL import Image

from ae_core.training import watch


def test_frames_of_a_long_run_stay_within_the_budget_and_keep_the_newest(tmp_path):
    codes = np.zeros((2000, 32))
    pictures = np.zeros((16, 1, 8, 8), dtype=np.uint8)
    for epoch in range(1, 101):
        watch.add_frame(tmp_path, epoch, pictures, codes)
        epochs = [frame.epoch for frame in watch.frames(tmp_path)]
        assert epochs[-1] == epoch
    assert sum(path.stat().st_size for path in (tmp_path / "watch").iterdir()) < 4_500_000
    assert np.ptp(np.diff(epochs)) == 0  # evenly spread
    assert len(epochs) > 20


def test_codes_of_a_model_that_explodes_can_be_looked_at(tmp_path):
    codes = np.array([[1.0, np.nan], [1e30, -np.inf]])
    watch.add_frame(tmp_path, 1, np.zeros((2, 1, 8, 8), dtype=np.uint8), codes)
    [frame] = watch.frames(tmp_path)
    np.testing.assert_array_equal(frame.codes(), [[1, 0], [65504, -65504]])


def test_watched_rows_are_held_out_ones_without_repetition():
    held_out = np.arange(100, 9000, 3)
    for latent_dim in (2, 32, 1024):
        rows = watch.watched_rows(held_out, latent_dim)
        assert len(set(rows)) == len(rows) <= watch.N_CODES
        assert set(rows) <= set(held_out)
        assert len(rows) * latent_dim * 2 * 10 <= watch.BUDGET_BYTES + 16 * latent_dim * 20


def test_watched_items_are_seen_four_in_a_row_in_their_order(tmp_path):
    """Grey and small, so the file is lossless: each place of the sheet is its picture's level."""
    levels = np.arange(16, dtype=np.uint8) * 15
    pictures = np.broadcast_to(levels[:, None, None, None], (16, 1, 8, 6))
    watch.begin(tmp_path, pictures, np.arange(16))
    with Image.open(watch.items_sheet_path(tmp_path)) as sheet:
        pixels = np.asarray(sheet)
    assert pixels.shape == (32, 24, 3)
    np.testing.assert_array_equal(pixels[4::8, 3::6, 0].ravel(), levels)
    np.testing.assert_array_equal(pixels[..., 0], pixels[..., 2])
