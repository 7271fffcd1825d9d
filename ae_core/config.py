"""Every setting of a codec and its training, explained beside the field and checked once.

The page's form and the command line are both made from these models.
"""

import re
from collections.abc import Mapping
from typing import Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from ae_core.errors import ConfigError

S = TypeVar("S", bound="Settings")

MOST_UNITS = 65_536
_MOST_PROBLEMS, _MOST_CHARACTERS = 3, 80

Architecture = Literal["dense", "convolutional"]
Activation = Literal["relu", "gelu", "silu", "elu", "leaky_relu", "tanh"]
Bottleneck = Literal["plain", "variational"]
CodeActivation = Literal["none", "relu", "sigmoid", "tanh"]
Corruption = Literal["none", "gaussian", "masking", "salt_and_pepper", "blur", "missing_block"]
Penalty = Literal["none", "l1", "kl_sparsity", "contractive"]
Loss = Literal["mse", "bce", "gaussian"]
# Of reconstructions of held-out items, each a mean over all their numbers.
Measure = Literal["mse", "bce"]


class Settings(BaseModel):
    """Frozen settings; a field that does not exist is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# JSON has no infinity: it would be written as null, and could not be read again
class ModelConfig(Settings, allow_inf_nan=False):
    """A model as a composition: architecture x bottleneck x corruption x penalty x loss."""

    architecture: Architecture = Field("dense", description="Kind of layers.")
    latent_dim: int = Field(32, ge=1, le=1024, description="Code size: numbers a code has.")
    widths: tuple[int, ...] = Field(
        (128,),
        max_length=32,
        description="Units of each hidden layer (dense) or channels of each halving stage "
        "(convolutional), from the picture inwards.",
    )
    dense_width: int = Field(
        0,
        ge=0,
        le=8192,
        description="Convolutional: units of a dense layer between the stages and the code, each "
        "way; 0: none. It lets a variational model bend its codes into a standard normal.",
    )
    centred: bool = Field(
        False,
        description="Dense: the net sees a picture's difference from the training items' mean "
        "picture, as PCA does. Without it, pictures that are alike on the whole train badly.",
    )
    residual: bool = Field(False, description="A residual block after each stage or layer.")
    activation: Activation = Field("relu", description="Non-linearity between layers.")
    bottleneck: Bottleneck = Field(
        "plain", description="How a code is made: a point, or a Gaussian."
    )
    code_activation: CodeActivation = Field(
        "none",
        description="Non-linearity of a plain code: relu for exact zeros, sigmoid for activities.",
    )
    corruption: Corruption = Field("none", description="Damage done to the input, to be undone.")
    corruption_range: tuple[float, float] = Field(
        (0.0, 0.5), description="Lowest and highest level of the damage, drawn for each item."
    )
    penalty: Penalty = Field("none", description="Extra term that shapes the codes.")
    penalty_weight: float = Field(1e-3, ge=0, description="Weight of the penalty.")
    target_rate: float = Field(
        0.05, gt=0, lt=1, description="KL sparsity: mean activity rho a unit should have."
    )
    loss: Loss = Field("mse", description="What counts as a good reconstruction.")
    beta: float = Field(1.0, ge=0, description="Variational: weight of the KL term.")
    warm_up_epochs: float = Field(0.0, ge=0, description="Variational: epochs until full beta.")
    free_bits: float = Field(
        0.0, ge=0, description="Variational: nats a dimension may use without being charged."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not all(1 <= width <= MOST_UNITS for width in self.widths):
            raise ValueError(f"`widths` must be 1 to {MOST_UNITS:,} each; got {self.widths}.")
        if self.architecture == "convolutional" and not 1 <= len(self.widths) <= 6:
            raise ValueError(
                f"`widths` must name 1 to 6 stages for a convolutional net; got {self.widths}."
            )
        if self.centred and self.architecture == "convolutional":
            raise ValueError("`centred` works on architecture dense only: set it to false.")
        low, high = self.corruption_range
        if not 0 <= low <= high:
            raise ValueError(f"`corruption_range` must be 0 <= low <= high; got {low}, {high}.")
        if self.bottleneck == "variational" and self.code_activation != "none":
            raise ValueError(
                f"`code_activation` ({self.code_activation}) bounds a code that a variational "
                "bottleneck models as Gaussian: choose code_activation none, or bottleneck plain."
            )
        if self.penalty == "kl_sparsity" and self.code_activation != "sigmoid":
            raise ValueError(
                "`penalty` kl_sparsity needs activities in [0, 1]: choose bottleneck plain with "
                f"code_activation sigmoid (it is {self.code_activation}), or another penalty."
            )
        return self


class TrainingConfig(Settings, allow_inf_nan=False):
    """How a model is fitted."""

    epochs: int = Field(10, ge=1, le=10_000, description="Passes over the training items.")
    batch_size: int = Field(128, ge=1, le=65_536, description="Items in one step.")
    learning_rate: float = Field(1e-3, gt=0, le=10, description="Size of a step.")
    optimiser: Literal["adam", "adamw", "sgd"] = Field("adam", description="Rule of the step.")
    weight_decay: float = Field(0.0, ge=0, description="Pull of the weights towards zero.")
    schedule: Literal["constant", "cosine", "one_cycle"] = Field(
        "constant", description="How the learning rate changes over the run."
    )
    seed: int = Field(0, ge=0, lt=2**31, description="Start of all random numbers of the run.")
    patience: int = Field(
        0, ge=0, description="Stop after so many epochs without a better held-out loss; 0: never."
    )
    max_items: int = Field(0, ge=0, description="Train on at most so many items; 0: all.")
    greedy_pretraining_epochs: int = Field(
        0, ge=0, description="Epochs of layer-wise pre-training (dense); 0: none."
    )
    precision: Literal["auto", "32", "bf16"] = Field(
        "auto", description="Number format; auto: bf16 on a GPU that has it, else 32 bits."
    )
    save_interval_s: float = Field(30.0, gt=0, description="Seconds between saves to resume from.")
    n_threads: int = Field(0, ge=0, description="CPU threads; 0: all cores.")


def check_name(name: str) -> str:
    """Return `name` if it can safely be a folder's name.

    Raises:
        ConfigError: It is empty, too long, or has other characters than a-z 0-9 . - _
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,59}", name):
        raise ConfigError(
            f"`name` must be 1 to 60 of a-z, 0-9, '.', '-', '_', the first a letter or digit; "
            f"got {name!r}: for example 'my-faces'."
        )
    return name


def validated(model: type[S], values: Mapping[str, object]) -> S:
    """Build settings, turning pydantic's report into one readable `ConfigError`."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise ConfigError(explain(error)) from error


def explain(error: ValidationError) -> str:
    """The first problems, one after another: the setting, what is wrong, and the value given.

    Settings may come from a stranger's file: names and values are cut to what one can read.
    """
    problems = error.errors(include_url=False, include_context=False)
    lines = [_explained(problem) for problem in problems[:_MOST_PROBLEMS]]
    if len(problems) > _MOST_PROBLEMS:
        lines.append(f"And {len(problems) - _MOST_PROBLEMS} more.")
    return " ".join(lines)


def _explained(problem: ErrorDetails) -> str:
    field = shorten(".".join(str(part) for part in problem["loc"]))
    what = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "finite_number":
        what = "must be finite: choose a number"
    is_said = problem["type"] in ("missing", "value_error")
    given = "" if is_said else f"; got {shorten(repr(problem['input']))}"
    return f"`{field}`: {what}{given}" if field else what


def shorten(text: str, n_characters: int = _MOST_CHARACTERS) -> str:
    """At most so many characters of a text, and three dots where there are more."""
    return text if len(text) <= n_characters else f"{text[:n_characters]}..."
