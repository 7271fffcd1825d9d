"""The training loop.

    training = Training(model, items, train_indices, held_out_indices, config)
    for moment in training.steps():
        if moment.epoch_ended:
            print(training.history[-1])

The caller reports, saves (`ae_core.training.state`), and stops by leaving the loop. Started by
torchrun, the same code runs in several processes (`ae_core.training.distributed`).
"""

import math
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ae_core.codecs.autoencoder import Autoencoder
from ae_core.codecs.metrics import MEASURES
from ae_core.config import TrainingConfig
from ae_core.errors import ConfigError, RunError
from ae_core.training.batches import Batches
from ae_core.training.distributed import average_gradients, join_processes, sum_over_processes
from ae_core.training.optimisers import OPTIMISERS, SCHEDULES
from ae_core.training.pretraining import layer_pairs

EVALUATION_BATCH = 512


@dataclass(frozen=True)
class Moment:
    """One step of a run has been taken, or an epoch has ended.

    Attributes:
        phase: "training", or "layer i of n" while pre-training.
        epoch: Epochs done in this phase.
        epoch_ended: The held-out loss has just been measured: `history` has a new entry.
        progress: Share of the whole run, 0 to 1.
    """

    phase: str
    epoch: int
    epoch_ended: bool
    progress: float


@dataclass(frozen=True)
class Phase:
    """A stretch with an objective of its own: one pair of layers, or the whole model."""

    name: str
    objective: nn.Module
    n_epochs: int


@dataclass
class Position:
    """Where a run stands."""

    phase: int = 0
    epoch: int = 0
    step: int = 0
    n_summed: int = 0
    seconds: float = 0.0
    best: float = math.inf
    n_worse: int = 0


class Training:
    """A model, its items, its optimiser, and where the run stands.

    Attributes:
        model: Being fitted in place. After the last step it holds the weights of the best epoch
            when stopping early, else of the last one.
        history: One entry an epoch: {"epoch", "seconds", "train": terms, "held_out": terms}.
            The kind's measures ("mse" and so on) are those of undamaged held-out items, decoded
            from their mean codes.
        device: Where the model is.
        rank: Number of this process, from 0, of `n_processes`.
    """

    def __init__(
        self,
        model: Autoencoder,
        items: np.ndarray,
        train_indices: np.ndarray,
        held_out_indices: np.ndarray,
        config: TrainingConfig,
    ) -> None:
        """Prepare a run.

        Args:
            model: The weights to start from; the same in every process.
            items: Stored form of the model's kind of item, (N, ...), may be memory-mapped.
            train_indices: Rows to fit on; the first `max_items` of them are used.
            held_out_indices: Rows to measure on.
            config: The settings.

        Raises:
            ConfigError: The settings do not fit the model, or there are more processes than items.
        """
        self.config = config
        self.rank, self.n_processes, self.device = join_processes()
        self.is_mixed = wants_bf16(config)
        self.model = model.to(self.device)
        fitted = train_indices[: config.max_items or None]
        self.train_items = Batches(items, model.item, fitted, self.device)
        self.held_out_items = Batches(items, model.item, held_out_indices, self.device)
        self._check_shares()
        if model.config.centred:
            model.start_from(self.train_items.mean())
        self.generator = self._generator(config.seed)
        self.phases = [Phase("training", model, config.epochs)]
        if config.greedy_pretraining_epochs:
            pairs = layer_pairs(model)
            self.phases[:0] = [
                Phase(f"layer {number} of {len(pairs)}", pair, config.greedy_pretraining_epochs)
                for number, pair in enumerate(pairs, 1)
            ]
        self.position = Position()
        self.history: list[dict[str, object]] = []
        self.sums: dict[str, Tensor] = {}
        self.best_weights: dict[str, Tensor] = {}
        self.begin_phase()

    @property
    def phase(self) -> Phase:
        """What is being fitted now."""
        return self.phases[self.position.phase]

    @property
    def n_steps(self) -> int:
        """Steps in an epoch; several processes skip a last batch too small to share."""
        full, rest = divmod(len(self.train_items), self.config.batch_size)
        return full + (rest >= self.n_processes)

    def begin_phase(self) -> None:
        """Make a fresh optimiser for the parameters of the phase at `position`."""
        self.parameters = list(self.phase.objective.parameters())
        self.optimiser = OPTIMISERS[self.config.optimiser](
            self.parameters,
            lr=self.config.learning_rate,
            weight_decay=self.config.weight_decay,
            fused=True,
        )

    def steps(self) -> Iterator[Moment]:
        """Train to the end, from wherever the run stands.

        Raises:
            RunError: The loss is not a number any more.
        """
        while True:
            while self.position.epoch < self.phase.n_epochs and not self._stopped_early():
                yield from self._epoch()
            if self.position.phase + 1 == len(self.phases):
                break
            self.position.phase, self.position.epoch = self.position.phase + 1, 0
            self.begin_phase()
        if self.best_weights:
            self.model.load_state_dict(self.best_weights)

    def _epoch(self) -> Iterator[Moment]:
        """The steps that are left of an epoch; then, of the whole model, the measurement."""
        position, is_whole = self.position, self.phase.objective is self.model
        started = time.perf_counter()
        for items in self._batches_left():
            with self._divergence_in_words():
                self._step(items)
            position.step += 1
            position.seconds += time.perf_counter() - started
            yield self.moment()
            started = time.perf_counter()  # the caller's time is not ours
        if is_whole:
            with self._divergence_in_words():
                train, held_out = self._means(self.sums, position.n_summed), self.evaluate()
            position.seconds += time.perf_counter() - started
            self._add_to_history(train, held_out)
        position.epoch, position.step = position.epoch + 1, 0
        self.sums, position.n_summed = {}, 0
        if is_whole:
            yield self.moment(epoch_ended=True)

    def _batches_left(self) -> Iterator[Tensor]:
        """The epoch's batches from this step on; of each, this process's share."""
        position, n_processes = self.position, self.n_processes
        seed = (self.config.seed * 1009 + position.phase) * 10_007 + position.epoch
        order = torch.randperm(len(self.train_items), generator=torch.Generator().manual_seed(seed))
        batches = order.split(self.config.batch_size)[position.step : self.n_steps]
        return self.train_items.floats(
            rows[: len(rows) // n_processes * n_processes][self.rank :: n_processes]
            for rows in batches
        )

    def _step(self, items: Tensor) -> None:
        """One step of the optimiser, on one batch (this process's share of it)."""
        position, config = self.position, self.config
        epochs_done = position.epoch + position.step / self.n_steps
        factor = SCHEDULES[config.schedule](epochs_done / self.phase.n_epochs)
        for group in self.optimiser.param_groups:
            group["lr"] = config.learning_rate * factor
        with self._autocast():
            terms = self.phase.objective(items, epochs_done=epochs_done, generator=self.generator)
        terms["objective"].backward()
        if self.n_processes > 1:
            average_gradients(self.parameters, self.n_processes)
        self.optimiser.step()
        for parameter in self.parameters:  # a tenth of what the optimiser's own `zero_grad` takes
            parameter.grad = None
        for name, term in terms.items():
            if name in self.sums:
                self.sums[name].add_(term.detach(), alpha=len(items))
            else:
                self.sums[name] = term.detach().float() * len(items)
        position.n_summed += len(items)

    def evaluate(self) -> dict[str, float]:
        """Terms of the objective over all held-out items, and the measures of their kind.

        The same noise every time, so that epochs compare; beta as after the warm-up.
        """
        generator = self._generator(self.config.seed + 1)
        needs_gradient = getattr(self.model.penalty, "needs_input_gradient", False)
        rows = torch.arange(len(self.held_out_items))[self.rank :: self.n_processes]
        sums: dict[str, Tensor] = {}
        for items in self.held_out_items.floats(rows.split(EVALUATION_BATCH)):
            with torch.set_grad_enabled(needs_gradient), self._autocast():
                terms = self.model(items, generator=generator)
            with torch.no_grad(), self._autocast():
                decoded = self.model.reconstruct(items).float()
            for name in self.model.item.measures:
                terms[name] = MEASURES[name](decoded, items)
            for name, term in terms.items():
                sums[name] = sums.get(name, 0) + term.detach().float() * len(items)
        return self._means(sums, len(rows))

    def _means(self, sums: dict[str, Tensor], n_items: int) -> dict[str, float]:
        """Sums over items, over all processes, to means.

        Raises:
            RunError: One is not a number.
        """
        if not sums:
            return {}
        totals = torch.stack([*sums.values(), torch.full_like(next(iter(sums.values())), n_items)])
        if self.n_processes > 1:
            sum_over_processes(totals)
        *of_terms, n_all = totals.tolist()
        means = {name: total / n_all for name, total in zip(sums, of_terms, strict=True)}
        if not all(map(math.isfinite, means.values())):
            raise self._diverged()
        return means

    def _add_to_history(self, train: dict[str, float], held_out: dict[str, float]) -> None:
        position = self.position
        entry = {"epoch": position.epoch + 1, "seconds": round(position.seconds, 3)}
        self.history.append({**entry, "train": train, "held_out": held_out})
        if not self.config.patience:
            return
        if held_out["objective"] < position.best:
            position.best, position.n_worse = held_out["objective"], 0
            weights = self.model.state_dict()
            self.best_weights = {name: value.clone() for name, value in weights.items()}
        else:
            position.n_worse += 1

    def _stopped_early(self) -> bool:
        return 0 < self.config.patience <= self.position.n_worse

    @contextmanager
    def _divergence_in_words(self) -> Iterator[None]:
        """Cross-entropy of what is no number is an error of torch's, which does not say why."""
        try:
            yield
        except RuntimeError as error:
            with torch.no_grad():
                pictures = self.model.reconstruct(
                    next(self.held_out_items.floats([torch.arange(1)]))
                )
            if pictures.isfinite().all():
                raise
            raise self._diverged() from error

    def _diverged(self) -> RunError:
        return RunError(
            f"The loss is no number any more in epoch {self.position.epoch + 1} "
            f"(`learning_rate` {self.config.learning_rate:g}): lower the learning rate."
        )

    def moment(self, *, epoch_ended: bool = False) -> Moment:
        """Where the run stands."""
        position = self.position
        before = sum(earlier.n_epochs for earlier in self.phases[: position.phase])
        done = before + position.epoch + position.step / self.n_steps
        progress = done / sum(phase.n_epochs for phase in self.phases)
        return Moment(self.phase.name, position.epoch, epoch_ended, progress)

    def _autocast(self) -> AbstractContextManager[object]:
        """Matrix products in bfloat16, where that is wanted; costs nothing where it is not."""
        if self.is_mixed:
            return torch.autocast(self.device.type, dtype=torch.bfloat16)
        return nullcontext()

    def _generator(self, seed: int) -> torch.Generator:
        """Noise on the device; every process draws its own."""
        return torch.Generator(self.device).manual_seed(seed * 10_007 + self.rank)

    def _check_shares(self) -> None:
        for what, items in (("training", self.train_items), ("held-out", self.held_out_items)):
            if self.n_processes > max(1, len(items)):
                raise ConfigError(
                    f"There must be a {what} item for every process; got {len(items)} for "
                    f"{self.n_processes} processes: start fewer, or use more items."
                )


def wants_bf16(config: TrainingConfig) -> bool:
    """Whether to compute in bfloat16 where that is safe (weights stay in 32 bits)."""
    has_bf16 = torch.cuda.is_available() and torch.cuda.is_bf16_supported()
    return config.precision == "bf16" or (config.precision == "auto" and has_bf16)
