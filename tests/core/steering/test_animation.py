"""Films hold the frames they were given, read back by another program than wrote them."""

import io

import av
import numpy as np
import pytest
from PIL import Image

from ae_core.errors import LatentInputError
from ae_core.steering.animation import CAPTION_PX, FORMATS, encode_animation, side_by_side

# a bar that walks: every frame differs, in colours that H.264 and a palette keep
N, SIZE = 12, 32
FRAMES = np.full((N, SIZE, SIZE, 3), 200, np.uint8)
for index in range(N):
    FRAMES[index, :, 2 * index : 2 * index + 6] = (30, 60, 160)


def read_with_pillow(raw: bytes) -> np.ndarray:
    image = Image.open(io.BytesIO(raw))
    found = []
    for index in range(image.n_frames):
        image.seek(index)
        found.append(np.array(image.convert("RGB")))
    return np.stack(found)


def read_with_ffmpeg(raw: bytes) -> np.ndarray:
    with av.open(io.BytesIO(raw)) as film:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)])


def enlarged(frames: np.ndarray) -> np.ndarray:
    return frames.repeat(8, axis=1).repeat(8, axis=2)


def test_gif_by_pillow_is_read_by_ffmpeg() -> None:
    found = read_with_ffmpeg(encode_animation(FRAMES, "gif"))
    np.testing.assert_allclose(found.astype(int), enlarged(FRAMES), atol=2)


def test_webp_is_lossless() -> None:
    np.testing.assert_array_equal(
        read_with_pillow(encode_animation(FRAMES, "webp")), enlarged(FRAMES)
    )


def test_smooth_pictures_have_colours_between_those_of_neighbouring_pixels() -> None:
    smooth = read_with_pillow(encode_animation(FRAMES, "webp", smooth=True))
    assert smooth.shape == enlarged(FRAMES).shape
    assert len(np.unique(smooth[..., 0])) > len(np.unique(FRAMES[..., 0]))
    np.testing.assert_allclose(  # and where all is of one colour, they are that colour
        smooth[0, :, 128:, :].astype(int), 200, atol=1
    )


@pytest.mark.parametrize("caption", ["model", "a name that is much too long for its picture " * 3])
def test_captions_stand_under_their_own_picture_and_leave_it_alone(caption: str) -> None:
    pair = side_by_side([FRAMES, FRAMES])
    plain = read_with_pillow(encode_animation(pair, "webp"))
    left, right = (
        read_with_pillow(encode_animation(pair, "webp", captions=captions))
        for captions in ([caption, ""], ["", caption])
    )
    n_rows, middle = plain.shape[1], plain.shape[2] // 2
    for film, own, other in (
        (left, np.s_[:middle], np.s_[middle:]), (right, np.s_[middle:], np.s_[:middle]),
    ):  # fmt: skip
        assert film.shape[1] == n_rows + CAPTION_PX
        np.testing.assert_array_equal(film[:, :n_rows], plain)
        line = film[:, n_rows:]
        assert line[:, :, own].min() < 100
        assert line[:, :, other].min() == 255


def test_mp4_holds_the_frames_at_the_speed_asked_for() -> None:
    raw = encode_animation(FRAMES, "mp4", frames_per_s=24)
    found = read_with_ffmpeg(raw)
    assert found.shape == (N, 256, 256, 3)
    # halved colours blur the bar's edges; away from them every frame is its own
    error = np.abs(found.astype(int) - enlarged(FRAMES)).mean(axis=(1, 2, 3))
    assert error.max() < 6
    with av.open(io.BytesIO(raw)) as film:
        assert film.streams.video[0].average_rate == 24
        assert film.streams.video[0].codec_context.pix_fmt == "yuv420p"  # what browsers play
    assert raw.index(b"moov") < raw.index(b"mdat")  # plays before it is loaded whole


@pytest.mark.parametrize("kind", FORMATS)
def test_there_and_back_shows_each_end_once(kind: str) -> None:
    read = read_with_pillow if kind == "webp" else read_with_ffmpeg
    found = read(encode_animation(FRAMES, kind, ping_pong=True)).astype(int)
    assert len(found) == 2 * N - 2
    np.testing.assert_allclose(found[N], found[N - 2], atol=12)


def test_grey_and_odd_sizes_play_too() -> None:
    grey = np.zeros((3, 5, 7, 1), np.uint8)
    grey[1] = 255
    found = read_with_ffmpeg(encode_animation(grey, "mp4"))
    assert found.shape[0] == 3 and min(found.shape[1:3]) >= 254
    assert found[0].mean() < 5 and found[1].mean() > 250


def test_progress_reaches_the_end() -> None:
    told: list[float] = []
    encode_animation(FRAMES, "gif", on_progress=lambda _, fraction: told.append(fraction))
    assert told == [(index + 1) / N for index in range(N)]


def test_side_by_side_keeps_both() -> None:
    both = side_by_side([FRAMES, FRAMES[..., :1]], gap=4)
    np.testing.assert_array_equal(both[:, :, :SIZE], FRAMES)
    np.testing.assert_array_equal(both[:, :, SIZE + 4 :, 2], FRAMES[..., 0])
    assert (both[:, :, SIZE : SIZE + 4] == 255).all()


@pytest.mark.parametrize(
    ("frames", "settings", "message"),
    [
        (FRAMES[:1], {}, "must be 2 to"),
        (FRAMES.astype(float), {}, "must be uint8"),
        (FRAMES[..., :2], {}, "must be uint8"),
        (FRAMES, {"frames_per_s": 0}, "1 to 60"),
        (FRAMES, {"frames_per_s": float("nan")}, "1 to 60"),
    ],
)
def test_bad_frames_are_named(frames: np.ndarray, settings: dict, message: str) -> None:
    with pytest.raises(LatentInputError, match=message):
        encode_animation(frames, "gif", **settings)
    with pytest.raises(LatentInputError, match="one n, H and W"):
        side_by_side([FRAMES, FRAMES[:3]])
