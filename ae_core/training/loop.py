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
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ae_core.codecs.autoencoder import Autoencoder
from ae_core.codecs.metrics import MEASURES
from ae_core.codecs.verdict import Kept, has_diverged
from ae_core.config import TrainingConfig
from ae_core.errors import ConfigError
from ae_core.training.batches import Batches
from ae_core.training.distributed import average_gradients, join_processes, sum_over_processes
from ae_core.training.optimisers import OPTIMISERS, SCHEDULES
from ae_core.training.position import DivergedError, Moment, Phase, Position
from ae_core.training.pretraining import layer_pairs

EVALUATION_BATCH = 512


class Training:
    """A model, its items, its optimiser, and where the run stands.

    Attributes:
        model: Being fitted in place. After the last step it holds the weights of the best epoch
            when stopping early or if the loss exploded, else of the last one.
        history: One entry an epoch: {"epoch", "seconds", "train": terms, "held_out": terms}.
            The kind's measures ("mse" and so on) are those of undamaged held-out items, decoded
            from their mean codes.
        device: Where the model is.
        is_part: Whether it was ended before its last step by `keep_so_far`.
        rank: Number of this process, from 0, of `n_processes`.
    """

    def __init__(
        self,
        model: Autoencoder,
        items: np.ndarray,
        train_indices: np.ndarray,
        held_out_indices: np.ndarray,
        config: TrainingConfig,
        further: Sequence[int] = (),
    ) -> None:
        """Prepare a run.

        Args:
            model: The weights to start from; the same in every process.
            items: Stored form of the model's kind of item, (N, ...), may be memory-mapped.
            train_indices: Rows to fit on; the first `max_items` of them are used.
            held_out_indices: Rows to measure on.
            config: The settings.
            further: Epochs of each stretch after the first: with the optimiser begun afresh and a
                schedule of its own, from the weights that the stretch before has kept.

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
        self.phases += [Phase("training further", model, n_epochs) for n_epochs in further]
        # of a stretch that is added later, only that stretch is to come
        self.n_phases_before = len(self.phases) - 1 if further else 0
        self.position = Position()
        self.history: list[dict[str, Any]] = []
        self.sums: dict[str, Tensor] = {}
        self.best_weights: dict[str, Tensor] = {}
        self.is_part = False
        self.begin_phase()

    @property
    def phase(self) -> Phase:
        """What is being fitted now."""
        return self.phases[self.position.phase]

    @property
    def n_epochs(self) -> int:
        """Epochs of the whole model that the history will have, if nothing ends it before."""
        left = [phase.n_epochs for phase in self.phases[self.position.phase :]
                if phase.objective is self.model]  # fmt: skip
        return len(self.history) + sum(left) - self._n_measured()

    def _n_measured(self) -> int:
        """Epochs of the present phase that are in the history."""
        return self.position.epoch if self.phase.objective is self.model else 0

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
        """Train to the end, from wherever the run stands; a loss that is no number is the end too.

        Raises:
            RunError: That was so before an epoch could be measured: there are no weights to keep.
        """
        while True:
            while self.position.epoch < self.phase.n_epochs and not self._stopped_early():
                try:
                    yield from self._epoch()
                except DivergedError:
                    if not self.best_weights:
                        raise
                    self.position.is_no_number = True
            if self.position.phase + 1 == len(self.phases):
                break
            self._load_kept()
            self.position.phase, self.position.epoch = self.position.phase + 1, 0
            self.position.n_worse, self.position.is_no_number = 0, False
            self.begin_phase()
        self._load_kept()

    def _load_kept(self) -> None:
        if self._keeps_best():
            self.model.load_state_dict(self.best_weights)

    @property
    def kept(self) -> Kept:
        """Which weights the model holds after the last step, or `keep_so_far`."""
        n_epochs = self.position.best_epoch if self._keeps_best() else len(self.history)
        return Kept(n_epochs, self._has_diverged())

    def _has_diverged(self) -> bool:
        return self.position.is_no_number or has_diverged(self.history)

    def _keeps_best(self) -> bool:
        """Whether the best epoch's weights count, and not the last one's."""
        is_wanted = self.config.patience > 0 or self.is_part or self._has_diverged()
        return is_wanted and bool(self.best_weights)

    def keep_so_far(self) -> bool:
        """Put the best epoch's weights into the model before its end; whether there are any yet."""
        self.is_part = bool(self.best_weights)
        if self.is_part:
            self.model.load_state_dict(self.best_weights)
        return self.is_part

    def begin_further(self, history: list[dict[str, Any]]) -> None:
        """Go to the last phase, with the model's weights as they are now.

        Args:
            history: That led to these weights, at least one entry.
        """
        self.history = history
        self.position = Position(phase=len(self.phases) - 1, seconds=history[-1]["seconds"])
        self._note_best()
        self.begin_phase()

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
        epochs_done += sum(
            phase.n_epochs
            for phase in self.phases[: position.phase]
            if phase.objective is self.model
        )
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
            DivergedError: One is not a number.
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
        entry = {"epoch": len(self.history) + 1, "seconds": round(position.seconds, 3)}
        self.history.append({**entry, "train": train, "held_out": held_out})
        if held_out["objective"] < position.best:
            self._note_best()
        else:
            position.n_worse += 1

    def _note_best(self) -> None:
        """The weights now are the best so far; so says the newest entry of the history."""
        position = self.position
        position.best, position.n_worse = self.history[-1]["held_out"]["objective"], 0
        position.best_epoch = len(self.history)
        weights = self.model.state_dict()
        self.best_weights = {name: value.clone() for name, value in weights.items()}

    def _stopped_early(self) -> bool:
        return self.position.is_no_number or 0 < self.config.patience <= self.position.n_worse

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

    def _diverged(self) -> DivergedError:
        return DivergedError(
            f"The loss is no number any more in epoch {self.position.epoch + 1} "
            f"(`learning_rate` {self.config.learning_rate:g}): lower the learning rate."
        )

    def moment(self, *, epoch_ended: bool = False) -> Moment:
        """Where the run stands."""
        position, first = self.position, self.n_phases_before
        before = sum(earlier.n_epochs for earlier in self.phases[first : position.phase])
        done = before + position.epoch + position.step / self.n_steps
        progress = done / sum(phase.n_epochs for phase in self.phases[first:])
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
