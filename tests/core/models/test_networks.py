"""Laws of the encoders and decoders."""

import pytest
import torch

from ae_core.codecs.autoencoder import build_autoencoder
from ae_core.config import ModelConfig
from ae_core.data.items import Picture
from ae_core.errors import ConfigError
from ae_core.models.networks import ARCHITECTURES, ResidualConvolution, ResidualDense, initialise

SHAPES = [(1, 28, 28), (3, 33, 29), (3, 64, 64), (1, 101, 77), (3, 128, 128)]


def model_of(shape, **settings):
    model = ModelConfig(latent_dim=3, **settings)
    return build_autoencoder(model, Picture(size=shape), seed=1).eval()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("residual", [False, True])
def test_every_pixel_of_any_size_depends_on_the_code(shape, residual):
    model = model_of(shape, architecture="convolutional", widths=(4, 5, 6), residual=residual)
    codes = torch.randn(16, 3, generator=torch.Generator().manual_seed(0))
    items = model.decode(codes)
    assert items.shape[1:] == shape
    assert bool((items.std(dim=0) > 0).all())


@pytest.mark.parametrize("shape", SHAPES)
def test_every_pixel_of_any_size_reaches_the_code(shape):
    model = model_of(shape, architecture="convolutional", widths=(4, 5))
    items = torch.rand(8, *shape, generator=torch.Generator().manual_seed(0)).requires_grad_()
    model.encode(items).sum().backward()
    reached = items.grad.abs().amax(dim=(0, 1))
    # an odd size leaves its last row or column to the padding's half of a kernel, not to nothing
    assert bool((reached > 0).all())


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_items_do_not_influence_each_other(architecture):
    model = model_of((1, 28, 28), architecture=architecture, widths=(6, 7))
    items = torch.rand(5, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    alone = torch.cat([model.reconstruct(item[None]) for item in items])
    torch.testing.assert_close(model.reconstruct(items), alone, rtol=1e-5, atol=1e-6)


def test_the_decoder_covers_all_pixels_equally_often():
    """No checkerboard: constant features and weights give a constant picture inside."""
    model = model_of((1, 64, 64), architecture="convolutional", widths=(2, 2, 2))
    for parameter in model.decoder.parameters():
        torch.nn.init.constant_(parameter, 0.1)
    outputs = model.decoder(torch.ones(1, 3))
    inside = outputs[0, 0, 16:-16, 16:-16]
    torch.testing.assert_close(inside, torch.full_like(inside, inside[0, 0].item()))


@pytest.mark.parametrize("block", [ResidualDense(6, "relu"), ResidualConvolution(6, "silu")])
def test_a_residual_block_starts_as_the_identity(block):
    initialise(block, seed=0)
    features = torch.randn(2, 6) if isinstance(block, ResidualDense) else torch.randn(2, 6, 5, 5)
    assert torch.equal(block(features), features)


def test_the_seed_alone_decides_the_weights():
    def weights(seed):
        torch.rand(3)  # the global generator stands elsewhere every time
        model = build_autoencoder(ModelConfig(widths=(8,)), Picture(size=(1, 8, 8)), seed=seed)
        return model.encoder.layers[0].weight

    assert torch.equal(weights(3), weights(3))
    assert not torch.equal(weights(3), weights(4))


def test_variance_is_kept_from_layer_to_layer():
    """He et al.'s law, for convolutions and transposed ones."""
    config = ModelConfig(architecture="convolutional", widths=(64, 64, 64), latent_dim=64)
    model = build_autoencoder(config, Picture(size=(3, 64, 64)), seed=0)
    codes = torch.randn(64, 64, generator=torch.Generator().manual_seed(0))
    features = model.decoder.expand(codes).unflatten(1, model.decoder.start).permute(0, 3, 1, 2)
    # before the last activation, and away from the padding
    inside = model.decoder.stages[:-2](features)[:, :, 12:-12, 12:-12]
    assert 0.7 < inside.square().mean().item() / features.square().mean().item() < 1.4


def test_an_item_too_small_for_the_stages_is_refused_with_the_remedy():
    config = ModelConfig(architecture="convolutional", widths=(4, 4, 4, 4))
    with pytest.raises(ConfigError, match=r"`widths` has 4 stages.* 8 x 8: use at most 3"):
        build_autoencoder(config, Picture(size=(1, 8, 8)))
