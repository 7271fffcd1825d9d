"""Settings: refused with the setting's name and a remedy; JSON brings them back unchanged."""

import pytest

from ae_core.codecs.config import CheckpointConfig
from ae_core.config import (
    ModelConfig,
    Settings,
    TrainingConfig,
    check_name,
    validated,
)
from ae_core.data.items import Picture
from ae_core.errors import ConfigError
from ae_core.models.composition import check_composition
from ae_core.models.presets import PRESETS


def every_field_is_described(model: type[Settings]) -> bool:
    return all(field.description for field in model.model_fields.values())


@pytest.mark.parametrize("model", [ModelConfig, TrainingConfig, CheckpointConfig])
def test_every_setting_is_explained(model: type[Settings]) -> None:
    assert every_field_is_described(model)


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS.keys())
def test_every_preset_round_trips_through_json(preset: Settings) -> None:
    assert type(preset).model_validate_json(preset.model_dump_json()) == preset


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"lattent_dim": 3}, "lattent_dim"),
        ({"latent_dim": 0}, "latent_dim.*greater than or equal to 1.*got 0"),
        ({"architecture": "transformer"}, "architecture.*'dense'.*got 'transformer'"),
        ({"widths": (128, 0)}, "widths.*1 to 65,536"),
        ({"architecture": "convolutional", "widths": ()}, "1 to 6 stages"),
        ({"corruption_range": (0.5, 0.1)}, "corruption_range"),
        ({"bottleneck": "variational", "penalty": "kl_sparsity"}, "choose bottleneck plain"),
    ],
)
def test_a_bad_setting_is_named(values: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        validated(ModelConfig, values)


def settings_of_floats() -> list[tuple[type[Settings], str]]:
    return [
        (model, name)
        for model in (ModelConfig, TrainingConfig)
        for name, field in model.model_fields.items()
        if field.annotation is float
    ]


@pytest.mark.parametrize(("model", "name"), settings_of_floats())
@pytest.mark.parametrize("number", ["inf", "-inf", "nan"])
def test_no_setting_is_infinite(model: type[Settings], name: str, number: str) -> None:
    with pytest.raises(ConfigError, match=f"`{name}`: must be finite.*got '{number}'"):
        validated(model, {name: number})
    with pytest.raises(ConfigError, match=f"`{name}`: must be finite"):
        validated(model, {name: float(number)})


def test_no_range_is_infinite() -> None:
    with pytest.raises(ConfigError, match=r"`corruption_range.1`: must be finite"):
        validated(ModelConfig, {"corruption_range": ("0", "inf")})


def test_a_model_with_more_stages_than_the_item_can_be_halved_is_refused() -> None:
    model = ModelConfig(architecture="convolutional", widths=(8, 8, 8, 8))
    check_composition(model, Picture(size=(1, 16, 20)))
    with pytest.raises(ConfigError, match="4 stages.*8 x 8: use at most 3"):
        check_composition(model, Picture(size=(1, 8, 8)))


@pytest.mark.parametrize("name", ["", "../x", "a/b", "A", ".hidden", "a" * 61, "a b", "a\n"])
def test_a_name_that_cannot_be_a_folder_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="my-faces"):
        check_name(name)


def test_code_size_is_said_once() -> None:
    with pytest.raises(ConfigError, match="differs from the model's"):
        validated(
            CheckpointConfig,
            {
                **{"name": "x", "data": "digits", "item": Picture(size=(1, 8, 8)), "latent_dim": 3},
                "model": ModelConfig(latent_dim=4),
            },
        )
