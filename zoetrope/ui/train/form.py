"""The form that starts a run: a preset, its settings, a name, how long it takes."""

from collections.abc import Sequence

import streamlit as st

from ae_core.config import ModelConfig, TrainingConfig, check_name, validated
from ae_core.data.catalogue import about_data_set
from ae_core.data.items import ItemKind
from ae_core.data.store import About
from ae_core.models.presets import Preset, presets_for
from ae_core.training import runs
from zoetrope.ui import keys, page, state
from zoetrope.ui.plain_text import as_written
from zoetrope.ui.train import duration, settings_form

# Settings that people change first.
MAIN = ("latent_dim", "widths", "loss")

Values = dict[str, object]


def show() -> None:
    """The form, for the data chosen in the sidebar."""
    about = about_data_set(state.chosen_data_name())
    st.markdown(f"On **{as_written(about.title)}**: {about.item.words()} (choose in the sidebar)")
    preset = _pick_preset(about.item)
    preset = preset.model_copy(update={"training": preset.training_for(about.n_fitted)})
    # Keys that change with the data, and of the name with each run: what was typed is for these.
    key = f"train-{preset.name}-{about.name}-{about.n_items}"
    model, training = _main_settings(preset, about.item, key)
    proposal = runs.free_name(f"{about.name}-{preset.name}")
    name_key = f"run-name-{len(runs.list_runs())}"
    name = st.text_input("Name", placeholder=proposal, key=name_key).strip() or proposal
    start = st.container()  # above what is folded away, so that it does not move with it
    with st.expander("All settings"):
        _other_settings(preset, about.item, key, model, training)
    with start, page.errors_in_words(ends_page=False):
        _start(about, preset, name, model, training)


def _pick_preset(item: ItemKind) -> Preset:
    """Which preset to start from, of those made for such items."""
    presets = presets_for(item)
    names = list(presets)
    name = st.selectbox(
        "Preset", names, index=names.index(item.default_preset),
        format_func=lambda option: presets[option].title, key=f"preset-{item.kind}",
    )  # fmt: skip
    st.caption(f"{presets[name].description} ({presets[name].source})")
    return presets[name]


def _main_settings(preset: Preset, item: ItemKind, key: str) -> tuple[Values, Values]:
    """All settings of model and training, the first of them asked for."""
    model, training = preset.model.model_dump(), preset.training.model_dump()
    for name in MAIN:
        options = _suitable(item).get(name, ())
        model[name] = settings_form.widget(preset.model, name, key=key, options=options)
    training["epochs"] = settings_form.widget(preset.training, "epochs", key=key)
    return model, training


def _other_settings(
    preset: Preset, item: ItemKind, key: str, model: Values, training: Values
) -> None:
    """Ask for the rest, which is folded away."""
    for name in (name for name in ModelConfig.model_fields if name not in MAIN):
        if not settings_form.is_idle(name, model):
            options = _suitable(item).get(name, ())
            model[name] = settings_form.widget(preset.model, name, key=key, options=options)
    for name in (name for name in TrainingConfig.model_fields if name != "epochs"):
        if not settings_form.is_idle(name, model):
            training[name] = settings_form.widget(preset.training, name, key=key)


def _suitable(item: ItemKind) -> dict[str, Sequence[str]]:
    """What can be chosen for such items."""
    return {
        "architecture": item.architectures, "corruption": item.corruptions, "loss": item.losses,
    }  # fmt: skip


def _start(about: About, preset: Preset, name: str, model: Values, training: Values) -> None:
    """How long it takes, and the button."""
    composition = validated(ModelConfig, model)
    request = runs.RunRequest(
        name=check_name(name), data=about.name, model=composition, preset=preset.name,
        training=validated(TrainingConfig, training), latent_dim=composition.latent_dim,
    )  # fmt: skip
    is_pressed = st.button(
        "Start training", type="primary", icon=":material/play_arrow:", width="stretch"
    )
    duration.show(request, about)
    st.caption("Runs and models are shared by everybody who uses this server.")
    if is_pressed:
        runs.start_run(request)
        state.remember(keys.RUN, name)
        st.session_state[keys.RUNS_STARTED] = st.session_state.get(keys.RUNS_STARTED, 0) + 1
        st.rerun()
