"""How is a new model made?"""

import streamlit as st

from ae_core.config import ModelConfig, TrainingConfig, check_name, validated
from ae_core.data.catalogue import about_data_set
from ae_core.data.items import ItemKind
from ae_core.models.presets import Preset, presets_for
from ae_core.training import runs
from zoetrope.ui import keys, page, presence, state
from zoetrope.ui.plain_text import as_written
from zoetrope.ui.train import run_panel, settings_form

HOW = r"""
A model is a *composition*: architecture x bottleneck x corruption of the input x penalty x loss.
A preset is a named point in that space; change any part of it.

An autoencoder minimises $\mathcal L(x, d(e(\tilde x)))+\lambda\,\Omega$, where $\tilde x$ is the
(perhaps corrupted) input and $\Omega$ the penalty. A **VAE** minimises the negative of the evidence
lower bound, $-\mathbb E_{q(z|x)}[\log p(x|z)]+\beta\,\mathrm{KL}(q(z|x)\,\|\,\mathcal N(0,I))$
(Kingma & Welling 2014, equation 3; $\beta$: Higgins et al. 2017).

Training is a process of its own: close the browser or restart the app, and it goes on. One run
trains at a time; the next waits.
"""
MAIN = ("latent_dim", "widths", "loss")


def preset_picker(item: ItemKind) -> Preset:
    """Which preset to start from, of those made for such items."""
    presets = presets_for(item)
    names = list(presets)
    name = st.selectbox(
        "Preset", names, index=names.index(item.default_preset),
        format_func=lambda option: presets[option].title, key=f"preset-{item.kind}",
    )  # fmt: skip
    st.caption(f"{presets[name].description} ({presets[name].source})")
    return presets[name]


def form(preset: Preset, item: ItemKind) -> tuple[ModelConfig, TrainingConfig]:
    """All settings: the ones people change first, the rest folded away."""
    suitable = {
        "architecture": item.architectures, "corruption": item.corruptions, "loss": item.losses,
    }  # fmt: skip
    key = f"train-{preset.name}"
    model: dict[str, object] = preset.model.model_dump()
    training: dict[str, object] = preset.training.model_dump()
    for name in MAIN:
        model[name] = settings_form.widget(
            preset.model, name, key=key, options=suitable.get(name, ())
        )
    training["epochs"] = settings_form.widget(preset.training, "epochs", key=key)
    with st.expander("All settings"):
        for name in (name for name in ModelConfig.model_fields if name not in MAIN):
            if not settings_form.is_idle(name, model):
                model[name] = settings_form.widget(
                    preset.model, name, key=key, options=suitable.get(name, ())
                )
        for name in (name for name in TrainingConfig.model_fields if name != "epochs"):
            if not settings_form.is_idle(name, model):
                training[name] = settings_form.widget(preset.training, name, key=key)
    return validated(ModelConfig, model), validated(TrainingConfig, training)


def configure() -> None:
    """The form that starts a run on the data chosen in the sidebar."""
    about = about_data_set(state.chosen_data_name())
    st.markdown(f"On **{as_written(about.title)}**: {about.item.words()} (choose in the sidebar)")
    preset = preset_picker(about.item)
    model, training = form(preset, about.item)
    proposal = runs.free_name(f"{about.name}-{preset.name}")
    # A key that changes with each run: what was typed survives another preset, not another run.
    key = f"run-name-{len(runs.list_runs())}"
    name = st.text_input("Name", placeholder=proposal, key=key).strip() or proposal
    st.caption("Runs and models are shared by everybody who uses this server.")
    if st.button("Start training", type="primary", icon=":material/play_arrow:", width="stretch"):
        request = runs.RunRequest(
            name=check_name(name), data=about.name, model=model, training=training,
            latent_dim=model.latent_dim, preset=preset.name,
        )  # fmt: skip
        runs.start_run(request)
        state.remember(keys.RUN, name)
        st.rerun()


def choose_run() -> str | None:
    """Which run to look at: the URL's, else the newest."""
    names = [run.name for run in runs.list_runs()]
    if not names:
        return None
    name_in_url = state.recall(keys.RUN)
    st.session_state[keys.RUN_PICKER] = name_in_url if name_in_url in names else names[0]
    name = st.selectbox(
        "Run", names, key=keys.RUN_PICKER,
        on_change=lambda: state.remember(keys.RUN, st.session_state[keys.RUN_PICKER]),
    )  # fmt: skip
    state.remember(keys.RUN, name)
    return name


QUESTION = "How is a new model made, and what does it learn, epoch by epoch?"
page.header("Train", QUESTION, HOW, shows_codec=False)
left, right = st.columns([0.38, 0.62], gap="medium")
with left, page.errors_in_words(ends_page=False):
    configure()
with right, page.errors_in_words():
    chosen = choose_run()
    if chosen is None:
        st.info("No run yet. Choose a preset on the left and start: the defaults are sensible.")
    else:
        presence.show("run", chosen)
        run_panel.show(chosen)
