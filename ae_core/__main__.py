"""The command line: python -m ae_core COMMAND.

Settings of models, training and maps come from their settings models, like the page's form.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args, get_origin

import numpy as np

from ae_core import cleaning, removal
from ae_core.codecs.checkpoints import find_checkpoint, list_broken, list_checkpoints
from ae_core.codecs.codes import codes_for
from ae_core.codecs.data_pca import find_codec
from ae_core.codecs.kinds import CODECS
from ae_core.codecs.verdict import read_verdict
from ae_core.config import ModelConfig, Settings, TrainingConfig, validated
from ae_core.data import trash
from ae_core.data.catalogue import (
    about_data_set,
    list_broken_data_sets,
    list_data_sets,
    load_data_set,
)
from ae_core.data.own_files import add_file
from ae_core.errors import AeCoreError, ConfigError, RunError
from ae_core.maps.projection import ProjectionSettings, project
from ae_core.models.presets import PRESETS
from ae_core.processes.priority import lower_priority
from ae_core.training import runs

# Exit codes: 1 something can be put right, 2 the command line is wrong (argparse's own).
_FAILED = 1
FITTED_AT_ONCE = tuple(name for name, kind in CODECS.items() if not kind.is_composed)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; errors a person can act on go to standard error, without a traceback."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        done = command(options)
        sys.stdout.flush()
        return done
    except AeCoreError as error:
        print(f"error: {error}", file=sys.stderr)
    except BrokenPipeError:  # who reads us has seen enough; Python would complain at the exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        print(f"error: {error}: make room, or choose another place.", file=sys.stderr)
    return _FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ae_core", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    add = commands.add_parser("add", help="add a .npz of arrays or a .zip of pictures")
    add.add_argument("file", type=Path)
    add.add_argument("name", help="name of the new data set")
    add.add_argument("--size", type=int, default=64, help="side of a zip's pictures, in pixels")
    add.set_defaults(command=_add)

    _add_upkeep(commands)

    train = commands.add_parser("train", help="train a model, in a process of its own")
    train.add_argument("name", help="name of the run, and of the checkpoint it becomes")
    train.add_argument("--data", help="data set: see `list`; needed without --like")
    start = train.add_mutually_exclusive_group()
    start.add_argument("--preset", choices=[*PRESETS, *FITTED_AT_ONCE])
    start.add_argument("--like", metavar="CHECKPOINT", help="start from a checkpoint's settings")
    train.add_argument("--detach", action="store_true", help="return at once")
    for model in (ModelConfig, TrainingConfig):
        _add_settings(train, model)
    train.set_defaults(command=_train)

    resume = commands.add_parser("resume", help="go on with a run that was cancelled or lost")
    resume.add_argument("name")
    resume.set_defaults(command=_resume)

    further = commands.add_parser("further", help="train a run that is done for more epochs")
    further.add_argument("name")
    further.add_argument("--epochs", type=int, required=True, help="how many more")
    further.set_defaults(command=_further)

    encode = commands.add_parser("encode", help="write the codes of a data set to a .npy file")
    _add_codes_options(encode)
    encode.set_defaults(command=_encode)

    projection = commands.add_parser("project", help="write a map of codes to a .npy file")
    _add_codes_options(projection)
    _add_settings(projection, ProjectionSettings)
    projection.set_defaults(command=_project)

    listing = commands.add_parser("list", help="list data sets, checkpoints, runs and presets")
    listing.set_defaults(command=_list)
    return parser


def _add_upkeep(commands: Any) -> None:
    """Removing, bringing back, cleaning."""
    remove = commands.add_parser("remove", help="remove a data set of your own; kept for a day")
    remove.add_argument("name")
    remove.add_argument("--yes", action="store_true", help="do not ask")
    remove.set_defaults(command=_remove)

    restore = commands.add_parser("restore", help="bring back what was removed within the last day")
    restore.add_argument("name")
    restore.set_defaults(command=_restore)

    clean = commands.add_parser("clean", help="delete what nobody needs any more; say what")
    clean.add_argument("--dry-run", action="store_true", help="only say what would be deleted")
    clean.add_argument("--empty-trash", action="store_true", help="also what could be restored")
    clean.set_defaults(command=_clean)


def _add_codes_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint")
    parser.add_argument("--data", help="data set; the checkpoint's own if not given")
    parser.add_argument("--output", type=Path, required=True, help="file to write, .npy")


def _add_settings(parser: argparse.ArgumentParser, model: type[Settings]) -> None:
    """One option a field; only those given are passed on, the rest keep their start values."""
    group = parser.add_argument_group(model.__name__.removesuffix("Config").lower() + " settings")
    for name, field in model.model_fields.items():
        flag = f"--{name.replace('_', '-')}"
        choices = ", ".join(str(option) for option in get_args(field.annotation))
        words = (field.description or "").replace("%", "%%")
        if get_origin(field.annotation) is tuple:
            words += " Numbers between commas."
        elif choices:
            words += f" One of: {choices}."
        group.add_argument(flag, dest=f"{model.__name__}.{name}", metavar="VALUE", help=words)


def _given(options: argparse.Namespace, model: type[Settings]) -> dict[str, Any]:
    """What was said on the command line, as text that pydantic reads."""
    given: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        value = getattr(options, f"{model.__name__}.{name}")
        if value is None:
            continue
        if get_origin(field.annotation) is tuple:
            given[name] = [part.strip() for part in value.split(",") if part.strip()]
        elif get_args(field.annotation) and isinstance(get_args(field.annotation)[0], int):
            given[name] = int(value) if value.isdigit() else value
        else:
            given[name] = value
    return given


def _add(options: argparse.Namespace) -> int:
    meter = _Meter(f"Adding {options.name}")
    made = add_file(options.file, options.name, size=options.size, on_progress=meter)
    meter.close()
    print(f"{made.name}: {len(made.items):,} items, {made.about.item.words()}")
    print(f"attributes: {', '.join(made.visible_attributes()) or 'none'}")
    return 0


def _remove(options: argparse.Namespace) -> int:
    uses = removal.uses_of_data_set(options.name)
    if uses.dependants():
        print(uses.dependants(), flush=True)
    if not options.yes and not _is_sure(f"Remove data set {options.name}?"):
        print("Nothing was removed.")
        return _FAILED
    removal.remove_if_unused(options.name)
    print(f"Removed. Within a day: python -m ae_core restore {options.name}")
    return 0


def _is_sure(question: str) -> bool:
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:  # nobody there to be asked
        return False


def _restore(options: argparse.Namespace) -> int:
    place = trash.restore(trash.find_removed(options.name))
    print(f"{options.name}: there again, at {place}")
    return 0


def _clean(options: argparse.Namespace) -> int:
    swept = cleaning.clean(dry_run=options.dry_run, empty_trash=options.empty_trash)
    for one in swept:
        print(f"{one.n_bytes / 1e6:10,.1f} MB  {one.path}  ({one.why})")
    done = "would be freed" if options.dry_run else "freed"
    print(f"{sum(one.n_bytes for one in swept) / 1e6:,.1f} MB {done}")
    return 0


def _start(options: argparse.Namespace) -> runs.RunRequest:
    """What the run starts from: a checkpoint's settings, or a preset's."""
    if options.like is not None:
        config = find_checkpoint(options.like).config
        return runs.RunRequest(
            name=options.name, data=options.data or config.data, codec=config.codec,
            model=config.model, training=config.training or TrainingConfig(),
            latent_dim=config.latent_dim, preset=config.preset,
        )  # fmt: skip
    if options.data is None:
        raise ConfigError("`--data` must name a data set, unless `--like` names a checkpoint.")
    common: dict[str, object] = {"name": options.name, "data": options.data}
    if options.preset in FITTED_AT_ONCE:
        return validated(runs.RunRequest, {**common, "codec": options.preset})
    preset = PRESETS[options.preset or about_data_set(options.data).item.default_preset]
    return validated(
        runs.RunRequest,
        {
            **common, "model": preset.model,
            "training": preset.training_for(about_data_set(options.data).n_fitted),
            "latent_dim": preset.model.latent_dim, "preset": preset.name,
        },
    )  # fmt: skip


def _request(options: argparse.Namespace) -> runs.RunRequest:
    start = _start(options)
    given = _given(options, ModelConfig)
    if start.model is None:
        said = _given(options, TrainingConfig)
        extra = (given.keys() - {"latent_dim"}) | (said.keys() - {"max_items"})
        if extra:
            raise ConfigError(
                f"`{sorted(extra)[0]}` says nothing for {CODECS[start.codec].title}: leave it out."
            )
        fitting = validated(TrainingConfig, {**start.training.model_dump(), **said})
        return validated(runs.RunRequest, {**start.model_dump(), **given, "training": fitting})
    model = validated(ModelConfig, {**start.model.model_dump(), **given})
    training = validated(
        TrainingConfig, {**start.training.model_dump(), **_given(options, TrainingConfig)}
    )
    changed = {"model": model, "training": training, "latent_dim": model.latent_dim}
    return start.model_copy(update=changed)


def _train(options: argparse.Namespace) -> int:
    run = runs.start_run(_request(options))
    return 0 if options.detach else _follow(run.name)


def _resume(options: argparse.Namespace) -> int:
    return _follow(runs.resume(options.name).name)


def _further(options: argparse.Namespace) -> int:
    return _follow(runs.train_further(options.name, options.epochs).name)


def _follow(name: str) -> int:
    """Show a run until it ends; Ctrl-C cancels it, and asks whether the model so far is wanted."""
    meter, n_told = _Meter(f"Training {name}"), 0
    try:
        while (run := runs.find_run(name)).is_going:
            history = run.history()
            for entry in history[n_told:]:
                meter.line(_epoch(entry))
            n_told = len(history)
            meter(run.status.phase, run.status.progress)
            time.sleep(0.2)
    except KeyboardInterrupt:
        return _stop(name)
    for entry in run.history()[n_told:]:
        meter.line(_epoch(entry))
    meter.close()
    print(f"{name}: {run.status.state}. {run.status.message}".strip())
    found = read_verdict(run.folder)
    if run.status.state == "done" and found is not None:
        print(f"{found.headline}. {found.sentence} {found.remedy}".strip())
    return 0 if run.status.state == "done" else _FAILED


def _stop(name: str) -> int:
    """End a run by hand: with a model, if there is one and it is wanted."""
    print(file=sys.stderr)
    keep_model = False
    if runs.find_run(name).status.epoch:
        with suppress(KeyboardInterrupt):
            keep_model = _is_sure("Keep the model as it was after its best epoch?")
    try:
        runs.cancel(name, keep_model=keep_model)
    except RunError:  # it has ended meanwhile
        return _follow(name)
    if keep_model:
        return _follow(name)
    print(f"cancelled; go on with: python -m ae_core resume {name}", file=sys.stderr)
    return _FAILED


def _epoch(entry: dict[str, Any]) -> str:
    terms = ", ".join(f"{name} {value:.5g}" for name, value in entry["held_out"].items())
    return f"epoch {entry['epoch']}: held-out {terms}"


def _codes(options: argparse.Namespace) -> np.ndarray:
    if options.output.suffix != ".npy":
        raise ConfigError(f"`--output` must end in .npy; got {options.output.name!r}.")
    checkpoint = find_codec(options.checkpoint)
    data_set = load_data_set(options.data or checkpoint.config.data)
    meter = _Meter(f"Encoding {data_set.name}")
    codes = codes_for(checkpoint, data_set, on_progress=meter)
    meter.close()
    return codes


def _encode(options: argparse.Namespace) -> int:
    codes = _codes(options)
    np.save(options.output, codes)
    print(f"{options.output}: {codes.shape[0]:,} codes of {codes.shape[1]} numbers")
    return 0


def _project(options: argparse.Namespace) -> int:
    settings = validated(ProjectionSettings, _given(options, ProjectionSettings))
    codes = _codes(options)
    meter = _Meter(f"Projecting by {settings.method}")
    points = project(codes, settings, meter)
    meter.close()
    np.save(options.output, points)
    print(f"{options.output}: {points.shape[0]:,} points in {points.shape[1]} dimensions")
    return 0


def _list(_: argparse.Namespace) -> int:
    print("data sets")
    for name in list_data_sets():
        about = about_data_set(name)
        print(f"  {name}: {about.title}, {about.item.words()}")
    for name, reason in list_broken_data_sets().items():
        print(f"  {name}: cannot be used: {reason}")
    for removed in trash.list_removed():
        print(f"  {removed.name}: removed; python -m ae_core restore {removed.name} brings it back")
    print("checkpoints")
    for checkpoint in list_checkpoints():
        found = read_verdict(checkpoint.folder)
        words = f". {found.headline}." if found is not None else ""
        print(f"  {checkpoint.name}: {checkpoint.summary()}{words}")
    for name, reason in list_broken().items():
        print(f"  {name}: cannot be used: {reason}")
    print("runs")
    for run in runs.list_runs():
        print(f"  {run.name}: {run.status.state}, {run.status.progress:.0%}")
    for name, reason in runs.list_broken_runs().items():
        print(f"  {name}: cannot be used: {reason}")
    print("presets")
    for preset in PRESETS.values():
        print(f"  {preset.name}: {preset.description}")
    return 0


class _Meter:
    """Progress on one line of standard error, only where a person looks at it."""

    def __init__(self, title: str) -> None:
        self._title, self._is_shown = title, sys.stderr.isatty()

    def __call__(self, message: str, fraction: float) -> None:
        if self._is_shown:
            print(f"\r{self._title}: {fraction:.0%} ", end="", file=sys.stderr, flush=True)

    def line(self, text: str) -> None:
        """A line that stays."""
        self.close()
        print(text, flush=True)

    def close(self) -> None:
        """Leave no half line behind."""
        if self._is_shown:
            print("\r\033[K", end="", file=sys.stderr)


if __name__ == "__main__":
    lower_priority()  # as all long work: somebody may be at a slider on this machine
    sys.exit(main())
