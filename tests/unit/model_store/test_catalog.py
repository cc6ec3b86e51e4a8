"""Names find models, and nothing but models."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from sdstudio.errors import ModelFileError, ModelNotFoundError
from sdstudio.model_store import catalog as catalog_module
from sdstudio.model_store import starter
from sdstudio.model_store.catalog import ModelCatalog, find_model

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "library" / "models"


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    return tmp_path / "hub"


@pytest.fixture
def catalog(models: Path, hub: Path, tmp_path: Path, make_model, monkeypatch) -> ModelCatalog:
    make_model(tmp_path / "resources" / "starter")
    monkeypatch.setattr(starter, "resource_path", lambda *parts: tmp_path / "resources" / parts[-1])
    make_model(models / "My Model")
    make_model(models / "landscape")
    make_model(tmp_path / "elsewhere")
    return ModelCatalog(models_folder=models, hub_cache=hub)


def cache_hub_model(hub: Path, make_model, *, commit: str = COMMIT, ref: str = COMMIT) -> Path:
    repository = hub / "models--owner--small-sd"
    folder = make_model(repository / "snapshots" / commit)
    (repository / "refs").mkdir(exist_ok=True)
    (repository / "refs" / "main").write_text(ref)
    return folder


def test_the_built_in_model_comes_first(catalog: ModelCatalog) -> None:
    assert catalog.find("starter").title == "Built-in model"
    assert catalog.names() == ["starter", "landscape", "My Model"]


def test_own_models_and_absolute_paths(catalog: ModelCatalog, models: Path, tmp_path: Path) -> None:
    assert catalog.find("My Model").path == models / "My Model"
    record = catalog.find(str(tmp_path / "elsewhere"))
    assert (record.path, record.name) == (tmp_path / "elsewhere", str(tmp_path / "elsewhere"))
    index = tmp_path / "elsewhere" / "model_index.json"
    assert catalog.find(str(index)).path == tmp_path / "elsewhere"


def test_a_cached_hub_model(catalog: ModelCatalog, hub: Path, make_model) -> None:
    """Row 51: the Hub's cache is read on disk; no socket is opened."""
    folder = cache_hub_model(hub, make_model)
    assert catalog.find("owner/small-sd").path == folder
    assert catalog.names()[-1] == "owner/small-sd"


@pytest.mark.parametrize("ref", ["", "../../..", "f" * 40, "\x00"])
def test_a_hub_cache_with_a_broken_ref_gives_its_snapshot(
    catalog: ModelCatalog, hub: Path, make_model, ref: str
) -> None:
    folder = cache_hub_model(hub, make_model, ref=ref)
    assert catalog.find("owner/small-sd").path == folder


def test_the_network_is_never_asked(catalog: ModelCatalog, monkeypatch) -> None:
    """Row 51: a name that is nowhere on disk ends at once, without a look-up."""

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with pytest.raises(ModelNotFoundError):
        catalog.find("stable-diffusion-v1-5/stable-diffusion-v1-5")


def test_a_slip_of_the_pen_gets_a_hint(catalog: ModelCatalog) -> None:
    with pytest.raises(ModelNotFoundError) as caught:
        catalog.find("landscpae")
    assert caught.value.hint == "Did you mean landscape?"
    with pytest.raises(ModelNotFoundError) as caught:
        catalog.find("zzzzzz")
    assert "starter" in caught.value.hint


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../elsewhere",
        "../../elsewhere",
        "landscape/../../../elsewhere",
        "..\\elsewhere",
        "./landscape",
        "landscape/unet",
        "owner/..",
        "owner--x/y",
        "a\x00b",
        "/a\x00b",
        "x" * 300,
        "CON",
        "landscape.",
        "\u202egpj.epacsdnal",
        "\ud800",
        "~root",
    ],
)
def test_names_never_lead_out_of_the_library(catalog: ModelCatalog, name: str) -> None:
    """Row 6: path tricks in a model's name find nothing and are told in plain words."""
    with pytest.raises(ModelNotFoundError) as caught:
        catalog.find(name)
    assert str(caught.value).isprintable()


def test_links_are_followed_for_reading_and_loops_end(
    catalog: ModelCatalog, models: Path, tmp_path: Path
) -> None:
    """Row 7: a link out of the library may be read; a loop of links is no model."""
    (models / "linked").symlink_to(tmp_path / "elsewhere")
    (models / "loop").symlink_to(models / "loop")
    (models / "round").symlink_to(models)
    assert catalog.find("linked").family == "sd1"
    assert catalog.names() == ["starter", "landscape", "linked", "My Model"]
    with pytest.raises(ModelNotFoundError):
        catalog.find("loop")


def test_broken_models_do_not_hide_the_others(catalog: ModelCatalog, models: Path) -> None:
    """Row 2: the list of models goes on past a broken one, and names it."""
    (models / "landscape" / "model_index.json").write_text("{")
    good, broken = catalog.records()
    assert [record.name for record in good] == ["starter", "My Model"]
    assert [name for name, _ in broken] == ["landscape"]


def test_a_file_of_another_kind_is_told_what_it_is(catalog: ModelCatalog, tmp_path: Path) -> None:
    """Row 3: a LoRA chosen as the model."""
    file = tmp_path / "style.safetensors"
    key = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight"
    save_file({key: np.zeros((4, 2048), np.float16)}, file)
    with pytest.raises(ModelFileError) as caught:
        catalog.find(str(file))
    assert "style.safetensors is a LoRA" in caught.value.message
    assert "Stable Diffusion XL" in caught.value.message


def test_a_removed_model_is_told(catalog: ModelCatalog, models: Path) -> None:
    """Row 34: a model that was queued and then removed."""
    catalog.find("landscape")
    (models / "landscape").rename(models.parent / "gone")
    with pytest.raises(ModelNotFoundError):
        catalog.find("landscape")
    with pytest.raises(ModelNotFoundError):
        catalog.find(str(models / "landscape"))


def test_a_folder_that_cannot_be_read_holds_no_models(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    empty = ModelCatalog(models_folder=file, hub_cache=file)
    assert [name for name in empty.names() if name != "starter"] == []


def test_a_missing_starter_is_told(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(starter, "resource_path", lambda *parts: tmp_path / "nothing")
    with pytest.raises(ModelNotFoundError, match="built-in"):
        starter.starter_record()


def test_the_usual_places(make_model, user_folder: Path, monkeypatch, tmp_path: Path) -> None:
    make_model(user_folder / "data" / "models" / "mine")
    assert find_model("mine").path == user_folder / "data" / "models" / "mine"
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    folder = cache_hub_model(tmp_path / "hub", make_model)
    assert find_model("owner/small-sd").path == folder
    monkeypatch.delenv("HF_HUB_CACHE")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    assert find_model("owner/small-sd").path == folder
    assert os.path.isabs(catalog_module.paths.hub_cache_folder())
