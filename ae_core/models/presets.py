"""Named points in the space of compositions: what the literature calls a kind of autoencoder."""

from pydantic import Field

from ae_core.config import ModelConfig, Settings, TrainingConfig


class Preset(Settings):
    """A composition with a name, and the training that suits it."""

    name: str = Field(description="Name in code and on the command line.")
    title: str = Field(description="Name for people.")
    description: str = Field(description="One sentence: what it is good for.")
    source: str = Field(description="Paper or book it comes from.")
    model: ModelConfig = Field(description="The composition.")
    training: TrainingConfig = Field(description="The training.")


_ALL = (
    Preset(
        name="dense",
        title="Dense autoencoder",
        description="One hidden layer each way: the textbook's undercomplete autoencoder.",
        source="Goodfellow, Bengio & Courville 2016, section 14.1",
        model=ModelConfig(architecture="dense", widths=(128,), latent_dim=32, loss="bce"),
        training=TrainingConfig(epochs=12, batch_size=128),
    ),
    Preset(
        name="convolutional",
        title="Convolutional autoencoder",
        description="Convolutions halve the picture step by step: sharp for pictures of any kind.",
        source="Masci, Meier, Ciresan & Schmidhuber 2011",
        model=ModelConfig(
            architecture="convolutional", widths=(32, 64, 128), latent_dim=32, activation="silu"
        ),
        training=TrainingConfig(epochs=10, batch_size=64, schedule="one_cycle"),
    ),
    Preset(
        name="convolutional-vae",
        title="Convolutional VAE",
        description="Codes are Gaussians close to a standard normal: smooth in between, sampled.",
        source="Kingma & Welling 2014",
        model=ModelConfig(
            architecture="convolutional",
            widths=(32, 64, 128),
            latent_dim=32,
            activation="silu",
            bottleneck="variational",
        ),
        training=TrainingConfig(epochs=10, batch_size=64, schedule="one_cycle"),
    ),
)

PRESETS = {preset.name: preset for preset in _ALL}
