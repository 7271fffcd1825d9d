"""An autoencoder, composed from its settings."""

import math

import torch
from torch import Tensor, nn

from ae_core.codecs.codec import Codec
from ae_core.config import ModelConfig
from ae_core.data.items import ItemKind
from ae_core.errors import LatentInputError
from ae_core.models.bottlenecks import BOTTLENECKS, Posterior, charged_kl, kl_divergence
from ae_core.models.composition import check_composition
from ae_core.models.corruptions import corrupt
from ae_core.models.losses import LOSSES
from ae_core.models.networks import ARCHITECTURES, DenseDecoder, DenseEncoder, initialise
from ae_core.models.penalties import PENALTIES, Scene


class Autoencoder(Codec):
    """architecture x bottleneck x corruption x penalty x loss; made by `build_autoencoder`."""

    def __init__(self, config: ModelConfig, item: ItemKind) -> None:
        super().__init__()
        self.config = config
        self.item = item
        self.latent_dim = config.latent_dim
        self.encoder, self.decoder = ARCHITECTURES[config.architecture](config, item.shape)
        self.bottleneck = BOTTLENECKS[config.bottleneck](config, self.encoder.n_features)
        self.loss = LOSSES[config.loss](item)
        self.penalty = PENALTIES[config.penalty](config, self.encoder, self.bottleneck)

    def start_from(self, mean: Tensor) -> None:
        """Begin at the mean item, if the net is `centred`: seen as zero, and decoded at first.

        Args:
            mean: Of the training items, float32 (*item.shape,).
        """
        if not self.config.centred:
            return
        assert isinstance(self.encoder, DenseEncoder) and isinstance(self.decoder, DenseDecoder)
        self.encoder.start_from(mean.flatten())
        self.decoder.start_from(self.item.unlink(mean).flatten())

    def posterior(self, items: Tensor) -> Posterior:
        """q(z | x) of items (N, *item.shape)."""
        return self.bottleneck(self.encoder(items))

    def encode(self, items: Tensor) -> Tensor:
        return self.posterior(items).mean

    def decode(self, codes: Tensor) -> Tensor:
        return self.loss.items(self.decoder(codes))

    def forward(
        self,
        items: Tensor,
        *,
        epochs_done: float = math.inf,
        generator: torch.Generator | None = None,
    ) -> dict[str, Tensor]:
        """The terms of the objective, each a mean over the items, in nats where it is one.

        Args:
            items: float32 (N, *item.shape), in the range of their kind.
            epochs_done: Where the run stands, for the warm-up of beta; infinity: after it.
            generator: Source of all randomness, on the items' device.

        Returns:
            "reconstruction", "kl" if variational, "penalty" if there is one, and "objective",
            which is to be minimised: reconstruction + beta * kl + penalty_weight * penalty.
        """
        config = self.config
        seen = corrupt(items, config.corruption, config.corruption_range, self.item, generator)
        if self.penalty is not None and self.penalty.needs_input_gradient:
            seen = seen.detach().requires_grad_()
        posterior = self.posterior(seen)
        outputs = self.decoder(posterior.sample(generator))
        terms = {"reconstruction": self.loss.mean(outputs.float(), items)}
        objective = terms["reconstruction"]
        if posterior.log_var is not None:
            divergence = kl_divergence(posterior.mean, posterior.log_var)
            charged = charged_kl(divergence, self.config.free_bits)
            is_whole = self.config.free_bits == 0
            terms["kl"] = (charged if is_whole else divergence.sum() / len(items)).detach()
            objective = objective + self._beta(epochs_done) * charged
        if self.penalty is not None:
            terms["penalty"] = self.penalty(Scene(seen, posterior, generator))
            objective = objective + self.config.penalty_weight * terms["penalty"]
        terms["objective"] = objective
        return terms

    def _beta(self, epochs_done: float) -> float:
        """Beta, reached linearly over the warm-up (Sonderby et al. 2016, section 2.2)."""
        if epochs_done >= self.config.warm_up_epochs:
            return self.config.beta
        return self.config.beta * epochs_done / self.config.warm_up_epochs

    def sample_prior(self, n_items: int, *, generator: torch.Generator | None = None) -> Tensor:
        """Items (n_items, *item.shape) decoded from codes drawn from the prior N(0, 1).

        Raises:
            LatentInputError: The model is not variational: it has no prior.
        """
        self._require_variational("a prior to sample from")
        device = next(self.parameters()).device
        codes = torch.randn((n_items, self.latent_dim), generator=generator, device=device)
        return self.decode(codes)

    def negative_bound(
        self, items: Tensor, *, n_samples: int = 1, generator: torch.Generator | None = None
    ) -> Tensor:
        """Upper bound on -log p(x) from K samples (Burda, Grosse & Salakhutdinov 2016, eq. 8).

        K = 1 is a one-sample estimate of the negative ELBO; more samples make the bound tighter.
        Beta, free bits and corruption play no part.

        Args:
            items: float32 (N, *item.shape), in the range of their kind.
            n_samples: K, at least 1.
            generator: Source of all randomness, on the items' device.

        Returns:
            Nats of each item, (N,); with the density's constants.

        Raises:
            LatentInputError: The model is not variational, or `n_samples` < 1.
        """
        self._require_variational("a bound")
        if n_samples < 1:
            raise LatentInputError(f"`n_samples` must be at least 1; got {n_samples}.")
        posterior = self.posterior(items)
        weights = [self._log_weight(items, posterior, generator) for _ in range(n_samples)]
        return math.log(n_samples) - torch.logsumexp(torch.stack(weights), dim=0)

    def _log_weight(
        self, items: Tensor, posterior: Posterior, generator: torch.Generator | None
    ) -> Tensor:
        """log p(x | z) + log p(z) - log q(z | x) at one sample an item: (N,)."""
        codes = posterior.sample(generator)
        nats = self.loss(self.decoder(codes), items) + self.loss.log_constant * self.item.n_numbers
        assert posterior.log_var is not None
        # the constants of p(z) and q(z | x) cancel
        log_prior = -0.5 * codes.square()
        deviations = (codes - posterior.mean).square() * torch.exp(-posterior.log_var)
        log_posterior = -0.5 * (deviations + posterior.log_var)
        return (log_prior - log_posterior).sum(dim=1) - nats

    def _require_variational(self, what: str) -> None:
        if self.config.bottleneck != "variational":
            raise LatentInputError(
                f"`bottleneck` must be variational to have {what}; got {self.config.bottleneck}."
            )


def build_autoencoder(config: ModelConfig, item: ItemKind, *, seed: int = 0) -> Autoencoder:
    """A model with fresh weights drawn from `seed`.

    Raises:
        ConfigError: The settings do not fit such items.
    """
    check_composition(config, item)
    model = Autoencoder(config, item)
    initialise(model, seed)
    if config.code_activation != "none":
        _start_at_the_mean_code(model)
    return model


def _start_at_the_mean_code(model: Autoencoder) -> None:
    """Let the decoder's first layer see codes as differences from where they start.

    Units of an activated code start about one common value. Seen through random weights it would
    be a large common error, which is undone by pushing units to zero for good: of 32 on the
    embedded faces 30 died within 30 steps, and none does with this start.
    """
    first = next(layer for layer in model.decoder.modules() if isinstance(layer, nn.Linear))
    with torch.no_grad():
        start = model.bottleneck.activation(model.bottleneck.head.bias)  # (latent_dim,)
        first.bias.copy_(-first.weight @ start)
