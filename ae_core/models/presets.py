"""Named points in the space of compositions: what the literature calls a kind of autoencoder."""

import math

from pydantic import Field

from ae_core.config import ModelConfig, Settings, TrainingConfig
from ae_core.data.items import ItemKind

LEAST_BATCH, LEAST_BATCHES = 8, 8
LEAST_SHARE, LEAST_EPOCHS, MOST_EPOCHS = 0.12, 3, 1000
LEAST_PATIENCE, PATIENT_SHARE = 3, 0.3


class Preset(Settings):
    """A composition with a name, and the training that suits it."""

    name: str = Field(description="Name in code and on the command line.")
    title: str = Field(description="Name for people.")
    description: str = Field(description="One sentence: what it is good for.")
    source: str = Field(description="Paper or book it comes from.")
    items: str = Field("picture", description="Kind of item it is made for.")
    model: ModelConfig = Field(description="The composition.")
    training: TrainingConfig = Field(description="The training, for `n_fitted` items.")
    n_fitted: int = Field(18_000, ge=1, description="Items fitted on where it was chosen.")

    def training_for(self, n_fitted: int) -> TrainingConfig:
        """The training that suits so many items: chosen by steps of the optimiser, not by epochs.

        Fewer items need fewer steps, though not in proportion: steps go with the square root of
        their number, from an eighth of the preset's own up to all of them. Batches are small enough
        for eight in an epoch, down to eight items. It stops early after three tenths of the epochs
        without a better held-out loss.

        Args:
            n_fitted: Items to fit on, at least 1.
        """
        chosen = self.training
        batch_size = chosen.batch_size
        while batch_size > LEAST_BATCH and batch_size * LEAST_BATCHES > n_fitted:
            batch_size //= 2
        share = min(max(math.sqrt(n_fitted / self.n_fitted), LEAST_SHARE), 1.0)
        n_steps = share * chosen.epochs * math.ceil(self.n_fitted / chosen.batch_size)
        epochs = max(LEAST_EPOCHS, round(n_steps / math.ceil(n_fitted / batch_size)))
        pretraining = round(epochs * chosen.greedy_pretraining_epochs / chosen.epochs)
        if chosen.greedy_pretraining_epochs:
            pretraining = max(1, pretraining)
        return chosen.model_copy(
            update={
                "epochs": min(epochs, MOST_EPOCHS),
                "batch_size": batch_size,
                "patience": max(LEAST_PATIENCE, math.ceil(PATIENT_SHARE * epochs)),
                "greedy_pretraining_epochs": min(pretraining, MOST_EPOCHS),
            }
        )


# Sizes and weights are those that did best on MNIST (dense ones) and on the embedded faces
# (convolutional ones), within a time a person waits for.
_PICTURES = (
    Preset(
        name="dense",
        title="Dense autoencoder",
        description="One hidden layer each way: the textbook's undercomplete autoencoder.",
        n_fitted=60_000,
        source="Goodfellow, Bengio & Courville 2016, section 14.1",
        model=ModelConfig(widths=(128,), centred=True, loss="bce"),
        training=TrainingConfig(epochs=12, learning_rate=3e-3, schedule="one_cycle"),
    ),
    Preset(
        name="deep",
        title="Deep autoencoder",
        description="Several layers each way: the smallest error of the dense ones.",
        n_fitted=60_000,
        source="Hinton & Salakhutdinov 2006, without pre-training",
        model=ModelConfig(widths=(1024, 512, 256), centred=True, activation="silu", loss="mse"),
        training=TrainingConfig(epochs=14, schedule="one_cycle"),
    ),
    Preset(
        name="stacked",
        title="Stacked autoencoder",
        description="A deep one whose layers first learn one after the other, from outside in.",
        n_fitted=60_000,
        source="Bengio, Lamblin, Popovici & Larochelle 2007",
        model=ModelConfig(widths=(512, 256), centred=True, activation="silu", loss="bce"),
        training=TrainingConfig(epochs=10, schedule="one_cycle", greedy_pretraining_epochs=2),
    ),
    Preset(
        name="sparse-l1",
        title="Sparse autoencoder (L1)",
        description="Few numbers of a code differ from zero, others are zero exactly.",
        n_fitted=60_000,
        source="Goodfellow, Bengio & Courville 2016, section 14.2.1",
        model=ModelConfig(
            widths=(128,),
            centred=True,
            loss="bce",
            code_activation="relu",
            penalty="l1",
            penalty_weight=1.0,
        ),
        training=TrainingConfig(epochs=12, learning_rate=3e-3, schedule="one_cycle"),
    ),
    Preset(
        name="sparse-kl",
        title="Sparse autoencoder (KL to a rate)",
        description="More units than needed, each active for few items only.",
        n_fitted=60_000,
        source="Ng 2011, CS294A lecture notes, section 3",
        model=ModelConfig(
            latent_dim=128,
            widths=(128,),
            centred=True,
            loss="bce",
            code_activation="sigmoid",
            penalty="kl_sparsity",
            penalty_weight=3.0,
            target_rate=0.1,
        ),
        training=TrainingConfig(epochs=12, learning_rate=3e-3, schedule="one_cycle"),
    ),
    Preset(
        name="contractive",
        title="Contractive autoencoder",
        description="Codes hardly move when the picture changes a little.",
        n_fitted=60_000,
        source="Rifai, Vincent, Muller, Glorot & Bengio 2011",
        model=ModelConfig(
            widths=(128,), centred=True, loss="bce", penalty="contractive", penalty_weight=0.1
        ),
        training=TrainingConfig(epochs=12, learning_rate=3e-3, schedule="one_cycle"),
    ),
    Preset(
        name="denoising",
        title="Denoising autoencoder",
        description="Sees noisy pictures and gives clean ones.",
        n_fitted=60_000,
        source="Vincent, Larochelle, Bengio & Manzagol 2008",
        model=ModelConfig(
            widths=(512,),
            centred=True,
            loss="bce",
            corruption="gaussian",
            corruption_range=(0.0, 0.5),
        ),
        training=TrainingConfig(epochs=20, learning_rate=2e-3, schedule="one_cycle"),
    ),
    Preset(
        name="dense-vae",
        title="Dense VAE",
        description="Codes are Gaussians close to a standard normal, for small grey pictures.",
        n_fitted=60_000,
        source="Kingma & Welling 2014",
        model=ModelConfig(
            widths=(512, 256), centred=True, activation="silu", loss="bce", bottleneck="variational"
        ),
        training=TrainingConfig(epochs=20, learning_rate=2e-3, schedule="one_cycle"),
    ),
    Preset(
        name="convolutional",
        title="Convolutional autoencoder",
        description="Convolutions halve the picture step by step: for pictures of any kind.",
        source="Masci, Meier, Ciresan & Schmidhuber 2011",
        model=ModelConfig(architecture="convolutional", widths=(16, 32, 64, 128)),
        training=TrainingConfig(epochs=8, batch_size=32, learning_rate=3e-3, schedule="one_cycle"),
    ),
    Preset(
        name="convolutional-vae",
        title="Convolutional VAE",
        description="Codes are Gaussians close to a standard normal: smooth in between, sampled.",
        source="Kingma & Welling 2014; beta: Higgins et al. 2017",
        model=ModelConfig(
            architecture="convolutional",
            widths=(16, 32, 64, 128),
            bottleneck="variational",
            beta=0.25,
        ),
        training=TrainingConfig(epochs=8, batch_size=32, learning_rate=3e-3, schedule="one_cycle"),
    ),
    Preset(
        name="denoising-convolutional-vae",
        title="Denoising convolutional VAE",
        description="Parts combine: fills in a missing block, and can be sampled.",
        source="Im, Ahn, Memisevic & Bengio 2017",
        model=ModelConfig(
            architecture="convolutional",
            widths=(16, 32, 64, 128),
            bottleneck="variational",
            beta=0.25,
            corruption="missing_block",
            corruption_range=(0.2, 0.5),
        ),
        training=TrainingConfig(epochs=8, batch_size=32, learning_rate=3e-3, schedule="one_cycle"),
    ),
)

# Tables are short: many passes over few rows, in small batches, take seconds.
_ROWS = (
    Preset(
        name="table",
        title="Table autoencoder",
        description="Two hidden layers each way, for the rows of a table.",
        n_fitted=500,
        source="Kramer 1991, nonlinear principal component analysis",
        items="row",
        model=ModelConfig(latent_dim=4, widths=(64, 32), activation="silu"),
        training=TrainingConfig(
            epochs=150,
            batch_size=32,
            learning_rate=3e-3,
            weight_decay=1e-2,
            optimiser="adamw",
            schedule="one_cycle",
        ),
    ),
    Preset(
        name="table-vae",
        title="Table VAE",
        description="Codes are Gaussians close to a standard normal; the error's size is learnt.",
        n_fitted=500,
        source="Kingma & Welling 2014; variance: Rybkin, Daniilidis & Levine 2021",
        items="row",
        model=ModelConfig(
            latent_dim=4,
            widths=(64, 32),
            activation="silu",
            bottleneck="variational",
            loss="gaussian",
            warm_up_epochs=30,
        ),
        training=TrainingConfig(
            epochs=150, batch_size=32, learning_rate=3e-3, schedule="one_cycle"
        ),
    ),
    Preset(
        name="table-denoising",
        title="Denoising table autoencoder",
        description="Sees rows with columns set to their mean, and gives whole ones.",
        n_fitted=500,
        source="Vincent, Larochelle, Bengio & Manzagol 2008, masking noise",
        items="row",
        model=ModelConfig(
            latent_dim=4,
            widths=(64, 32),
            activation="silu",
            corruption="masking",
            corruption_range=(0.0, 0.4),
        ),
        training=TrainingConfig(
            epochs=150, batch_size=32, learning_rate=3e-3, schedule="one_cycle"
        ),
    ),
)

PRESETS = {preset.name: preset for preset in (*_PICTURES, *_ROWS)}


def presets_for(item: ItemKind) -> dict[str, Preset]:
    """The presets made for such items, by name; the kind's default one is among them."""
    return {name: preset for name, preset in PRESETS.items() if preset.items == item.kind}
