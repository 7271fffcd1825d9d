"""The training loop.

    training = Training(model, items, train_indices, held_out_indices, config)
    for moment in training.steps():
        if moment.epoch_ended:
            print(training.history[-1])
    saved = training.state()             # at any moment
    training.restore(saved)              # in a new `Training`: goes on, bit-exactly on the CPU

The caller reports, saves, and stops by leaving the loop. Device, precision and processes
(torchrun) are Lightning Fabric's.
"""

import atexit
import gc
import json
import math
import os
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn import functional

from ae_core.codecs.autoencoder import Autoencoder
from ae_core.config import TrainingConfig
from ae_core.errors import JobError
from ae_core.training.batches import Batches
from ae_core.training.pretraining import layer_pairs

EVALUATION_BATCH = 512


def cosine(progress: float) -> float:
    """From one to zero along half a cosine (Loshchilov & Hutter 2017, equation 5)."""
    return 0.5 * (1 + math.cos(math.pi * progress))


def one_cycle(progress: float) -> float:
    """Up in the first tenth, then down to zero along a cosine (Smith & Topin 2018)."""
    rise = 0.1
    if progress < rise:
        return 0.04 + 0.96 * progress / rise
    return cosine((progress - rise) / (1 - rise))


# Share of the run done, 0 to 1, to a factor on the learning rate.
SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": lambda progress: 1.0,
    "cosine": cosine,
    "one_cycle": one_cycle,
}

OPTIMISERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "sgd": lambda parameters, **settings: torch.optim.SGD(parameters, momentum=0.9, **settings),
}


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
            "mse" and "bce" (a pixel) are those of undamaged held-out items, decoded from their
            mean codes.
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
            model: The weights to start from.
            items: uint8 (N, C, H, W), may be memory-mapped.
            train_indices: Rows to fit on; the first `max_items` of them are used.
            held_out_indices: Rows to measure on.
            config: The settings.

        Raises:
            ConfigError: The settings do not fit the model.
        """
        self.config = config
        self.is_mixed = wants_bf16(config)
        self.fabric = make_fabric(config)
        if self.fabric.world_size > 1:
            atexit.register(_let_go, weakref.ref(self))
        self.model = model.to(self.fabric.device)
        fitted = train_indices[: config.max_items or None]
        self.train_items = Batches(items, fitted, self.fabric.device)
        self.held_out_items = Batches(items, held_out_indices, self.fabric.device)
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
        self._enter_phase()

    @property
    def n_steps(self) -> int:
        """Steps in an epoch; several processes skip a last batch too small to share."""
        full, rest = divmod(len(self.train_items), self.config.batch_size)
        return full + (rest >= self.fabric.world_size)

    def steps(self) -> Iterator[Moment]:
        """Train to the end, from wherever the run stands.

        Raises:
            JobError: The loss is not a number any more.
        """
        position = self.position
        while True:
            phase = self.phases[position.phase]
            while position.epoch < phase.n_epochs and not self._stopped_early():
                clock = time.perf_counter() - position.seconds
                for items in self._batches_left():
                    with self._divergence_in_words():
                        self._step(items)
                    position.step += 1
                    position.seconds = time.perf_counter() - clock
                    yield self.moment()
                    clock = time.perf_counter() - position.seconds  # the caller's time is not ours
                is_main = phase.objective is self.model
                if is_main:
                    with self._divergence_in_words():
                        self._end_epoch(clock)
                position.epoch, position.step = position.epoch + 1, 0
                self.sums, position.n_summed = {}, 0
                if is_main:
                    yield self.moment(epoch_ended=True)
            if position.phase + 1 == len(self.phases):
                break
            position.phase, position.epoch = position.phase + 1, 0
            self._enter_phase()
        if self.best_weights:
            self.model.load_state_dict(self.best_weights)

    def _enter_phase(self) -> None:
        """A fresh optimiser for the phase's parameters."""
        phase, config = self.phases[self.position.phase], self.config
        self.optimiser = OPTIMISERS[config.optimiser](
            phase.objective.parameters(),
            lr=config.learning_rate,
            weight_decay=config.weight_decay,
            fused=True,
        )
        self.parameters = [
            parameter for group in self.optimiser.param_groups for parameter in group["params"]
        ]
        wrapped, stepper = self.fabric.setup(phase.objective, self.optimiser)
        # Fabric's wrappers make gradients common and numbers short; where neither is asked for
        # they only cost time, a tenth of a millisecond a step
        alone = self.fabric.world_size == 1 and not self.is_mixed
        self.objective: nn.Module = phase.objective if alone else wrapped
        self.stepper: torch.optim.Optimizer = self.optimiser if alone else stepper
        self.backward: Callable[[Tensor], None] = Tensor.backward if alone else self.fabric.backward

    def _batches_left(self) -> Iterator[Tensor]:
        """The epoch's batches from this step on; of each, this process's share."""
        position, config = self.position, self.config
        rank, n_processes = self.fabric.global_rank, self.fabric.world_size
        seed = (config.seed * 1009 + position.phase) * 10_007 + position.epoch
        order = torch.randperm(len(self.train_items), generator=_cpu_generator(seed))
        batches = order.split(config.batch_size)[position.step : self.n_steps]
        return self.train_items.floats(
            rows[: len(rows) // n_processes * n_processes][rank::n_processes] for rows in batches
        )

    def _step(self, items: Tensor) -> None:
        phase, position, config = self.phases[self.position.phase], self.position, self.config
        epochs_done = position.epoch + position.step / self.n_steps
        factor = SCHEDULES[config.schedule](epochs_done / phase.n_epochs)
        for group in self.optimiser.param_groups:
            group["lr"] = config.learning_rate * factor
        terms = self.objective(items, epochs_done=epochs_done, generator=self.generator)
        self.backward(terms["objective"])
        self.stepper.step()
        for parameter in self.parameters:  # a tenth of what the optimiser's own `zero_grad` takes
            parameter.grad = None
        for name, term in terms.items():
            if name in self.sums:
                self.sums[name].add_(term.detach(), alpha=len(items))
            else:
                self.sums[name] = term.detach() * len(items)
        position.n_summed += len(items)

    def _end_epoch(self, clock: float) -> None:
        """Measure, and write the epoch into the history."""
        position = self.position
        train = self._means(self.sums, position.n_summed)
        held_out = self.evaluate()
        if not all(map(math.isfinite, [*train.values(), *held_out.values()])):
            raise self._diverged()
        position.seconds = time.perf_counter() - clock
        entry = {"epoch": position.epoch + 1, "seconds": round(position.seconds, 3)}
        self.history.append({**entry, "train": train, "held_out": held_out})
        if self.config.patience:
            self._remember_best(held_out["objective"])

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

    def _diverged(self) -> JobError:
        return JobError(
            f"The loss is no number any more in epoch {self.position.epoch + 1} "
            f"(`learning_rate` {self.config.learning_rate:g}): lower the learning rate."
        )

    def _remember_best(self, loss: float) -> None:
        if loss < self.position.best:
            self.position.best, self.position.n_worse = loss, 0
            weights = self.model.state_dict()
            self.best_weights = {name: value.clone() for name, value in weights.items()}
        else:
            self.position.n_worse += 1

    def _stopped_early(self) -> bool:
        return 0 < self.config.patience <= self.position.n_worse

    def evaluate(self) -> dict[str, float]:
        """Terms of the objective over all held-out items, and "mse" and "bce" a pixel.

        The same noise every time, so that epochs compare; beta as after the warm-up.
        """
        generator = self._generator(self.config.seed + 1)
        needs_gradient = getattr(self.model.penalty, "needs_input_gradient", False)
        rank, n_processes = self.fabric.global_rank, self.fabric.world_size
        rows = torch.arange(len(self.held_out_items))[rank::n_processes]
        sums: dict[str, Tensor] = {}
        for items in self.held_out_items.floats(rows.split(EVALUATION_BATCH)):
            with torch.set_grad_enabled(needs_gradient), self.fabric.autocast():
                terms = self.model(items, generator=generator)
            with torch.no_grad(), self.fabric.autocast():
                pictures = self.model.reconstruct(items)
            terms["mse"] = functional.mse_loss(pictures.float(), items)
            with torch.autocast(self.fabric.device.type, enabled=False):
                terms["bce"] = functional.binary_cross_entropy(pictures.float(), items)
            for name, term in terms.items():
                sums[name] = sums.get(name, 0) + term.detach().float() * len(items)
        return self._means(sums, len(rows))

    def _means(self, sums: dict[str, Tensor], n_items: int) -> dict[str, float]:
        """Sums over items, over all processes, to means; the objective last."""
        if not sums:
            return {}
        totals = torch.stack([*sums.values(), torch.full_like(next(iter(sums.values())), n_items)])
        summed = self.fabric.all_reduce(totals, reduce_op="sum")
        assert isinstance(summed, Tensor)
        *means, n_all = summed.tolist()
        return {name: mean / n_all for name, mean in zip(sums, means, strict=True)}

    def moment(self, *, epoch_ended: bool = False) -> Moment:
        """Where the run stands."""
        position, phase = self.position, self.phases[self.position.phase]
        before = sum(earlier.n_epochs for earlier in self.phases[: position.phase])
        done = before + position.epoch + position.step / self.n_steps
        progress = done / sum(phase.n_epochs for phase in self.phases)
        return Moment(phase.name, position.epoch, epoch_ended, progress)

    def _generator(self, seed: int) -> torch.Generator:
        """Noise on the device; every process draws its own."""
        generator = torch.Generator(self.fabric.device)
        return generator.manual_seed(seed * 10_007 + self.fabric.global_rank)

    def state(self) -> tuple[dict[str, Tensor], str]:
        """All that a later `restore` needs: tensors, and the rest as JSON."""
        tensors = {"generator": self.generator.get_state()}
        tensors |= {f"model.{name}": value for name, value in self.model.state_dict().items()}
        tensors |= {f"best.{name}": value for name, value in self.best_weights.items()}
        tensors |= {f"sum.{name}": value for name, value in self.sums.items()}
        for number, parameter in enumerate(self.parameters):
            for name, value in self.optimiser.state[parameter].items():
                tensors[f"optimiser.{number}.{name}"] = value
        rest = {"position": asdict(self.position), "history": self.history}
        return {
            name: value.detach().to("cpu", copy=True).contiguous()
            for name, value in tensors.items()
        }, json.dumps(rest)

    def restore(self, tensors: dict[str, Tensor], rest: str) -> None:
        """Go on where `state` was taken, in a run with the same settings and items."""
        values = json.loads(rest)
        self.position = Position(**values["position"])
        self.history = values["history"]
        self._enter_phase()
        self.generator.set_state(tensors["generator"])
        self.model.load_state_dict(_under("model.", tensors))
        device = self.fabric.device
        self.best_weights = {
            name: value.to(device) for name, value in _under("best.", tensors).items()
        }
        self.sums = {name: value.to(device) for name, value in _under("sum.", tensors).items()}
        for number, parameter in enumerate(self.parameters):
            for name, value in _under(f"optimiser.{number}.", tensors).items():
                self.optimiser.state[parameter][name] = _laid_out_like(parameter, value)


def _laid_out_like(parameter: nn.Parameter, value: Tensor) -> Tensor:
    """The optimiser's state on the device and in the memory format of its parameter.

    A fused optimiser walks both by address: in another format it would mix up the weights.
    """
    if value.shape != parameter.shape:
        return value.to(parameter.device)  # the step count
    return torch.empty_like(parameter, requires_grad=False).copy_(value)


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }


def _cpu_generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def wants_bf16(config: TrainingConfig) -> bool:
    """Whether to compute in bfloat16 where that is safe (weights stay in 32 bits)."""
    has_bf16 = torch.cuda.is_available() and torch.cuda.is_bf16_supported()
    return config.precision == "bf16" or (config.precision == "auto" and has_bf16)


def make_fabric(config: TrainingConfig) -> Fabric:
    """Device, number format and processes; those of torchrun when started by it."""
    n_processes = int(os.environ.get("WORLD_SIZE", "1"))
    n_local = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    fabric = Fabric(
        devices=n_local,
        num_nodes=n_processes // n_local,
        strategy="ddp" if n_processes > 1 else "auto",
        precision="bf16-mixed" if wants_bf16(config) else "32-true",
    )
    if n_processes > 1:
        if not torch.distributed.is_initialized():
            atexit.register(_leave_group)  # before any `_let_go`, so that it is called after them
        fabric.launch()
    return fabric


def _let_go(training: weakref.ref[Training]) -> None:
    """Drop all by which a training holds the group of processes."""
    if (held := training()) is not None:
        del held.fabric, held.objective, held.stepper, held.backward


def _leave_group() -> None:
    """End the group's threads, each of which aborts the process if it outlives the interpreter.

    They end when nothing holds the group any more. Its own handle must be the last that does:
    only there does torch release the interpreter, for which the threads may be waiting.
    """
    gc.collect()
    torch.distributed.destroy_process_group()
