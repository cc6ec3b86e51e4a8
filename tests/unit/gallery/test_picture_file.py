"""A picture keeps the request that made it, and nothing hostile in it is believed."""

import json
from datetime import datetime

import pytest
from PIL import Image, PngImagePlugin

from sdstudio.errors import StorageError
from sdstudio.gallery.metadata.file_texts import OWN_KEY
from sdstudio.gallery.metadata.reader import read_metadata
from sdstudio.gallery.picture_file import read_request, save_picture
from sdstudio.gallery.picture_import import import_picture
from sdstudio.gallery.store import GalleryStore, safe_stem
from sdstudio.messages.generation import GenerationRequest, ImageToImage
from sdstudio.messages.raster import Raster
from sdstudio.messages.result import PictureResult

NOON = datetime(2026, 1, 2, 12, 0, 0)


def result_of(prompt="a red house in the snow", **values):
    request = GenerationRequest(prompt=prompt, width=16, height=8, **values)
    pixels = bytes(range(128)) * 3
    picture = Raster(width=16, height=8, mode="RGB", pixels=pixels)
    return PictureResult(picture=picture, request=request, seconds=1.5, model_hash="abc")


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "plain",
        "two\nlines, 'quotes' \"double\" \\ %s {x} <lora:../../x:1>",
        "émoji 🏠 \u202e reversed",
        "x" * 100_000,
        "lone \ud800 surrogate, nul \0",
    ],
)
def test_the_request_comes_back(tmp_path, prompt):
    result = result_of(prompt, seed=2**64 - 1, guidance_scale=3.25, negative_prompt="fog")
    path = tmp_path / "p.png"
    save_picture(result, path)

    assert read_request(path) == result.request
    with Image.open(path) as image:
        assert image.tobytes() == result.picture.pixels
        assert "Steps: 20" in image.info["parameters"]


def test_a_starting_picture_is_named_by_its_digest(tmp_path):
    start = ImageToImage(init_image=result_of().picture, strength=0.5)
    path = tmp_path / "p.png"
    save_picture(result_of(start=start), path)

    with Image.open(path) as image:
        facts = json.loads(image.info[OWN_KEY])
    assert start.init_image.digest() in json.dumps(facts)
    request = read_request(path)
    assert request is not None and request.start is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[" * 100_000,
        "null",
        '{"request": 3}',
        '{"request": {"type": "generation", "prompt": "x", "width": 99999999}}',
        '{"request": {"type": "generation", "prompt": "x", "guidance_scale": NaN}}',
    ],
)
def test_hostile_text_is_no_request(tmp_path, text):
    chunks = PngImagePlugin.PngInfo()
    chunks.add_itxt(OWN_KEY, text)
    path = tmp_path / "p.png"
    Image.new("RGB", (8, 8)).save(path, pnginfo=chunks)

    assert read_request(path) is None


@pytest.mark.parametrize("is_first", [True, False])
def test_a_text_that_is_too_long_is_left_out(tmp_path, is_first):
    """Row 49: Pillow refuses such a picture; it opens without the text, and says so."""
    path = tmp_path / "p.png"
    long = ("Comment", "x" * 70_000_000)
    chunks = PngImagePlugin.PngInfo()
    for key, text in [long, ("parameters", "a house")][:: 1 if is_first else -1]:
        chunks.add_text(key, text, zip=True)
    Image.new("RGB", (8, 8), "teal").save(path, pnginfo=chunks)

    assert read_request(path) is None
    assert import_picture(path).size == (8, 8)
    metadata, found = read_metadata(path)
    assert metadata.prompt == "a house"
    assert found.notes == ("A text inside the picture is too long and was not read.",)


def test_names_say_what_is_inside_and_are_never_taken_twice(tmp_path):
    store = GalleryStore(tmp_path / "new", now=lambda: NOON)
    names = [store.add(result_of(seed=7)).name for _ in range(3)]

    assert names[0] == "2026-01-02-120000-a-red-house-7.png"
    assert len(set(names)) == 3
    assert set(store.newest(10)) == {tmp_path / "new" / name for name in names}
    assert len(store.newest(2)) == 2


@pytest.mark.parametrize(
    "prompt", ["", "../../etc/passwd", "CON", "a/b\\c:d*e?f", "🏠" * 300, "\ud800\0", "...", " "]
)
def test_no_prompt_leaves_the_folder(tmp_path, prompt):
    """Rows 6 and 9."""
    store = GalleryStore(tmp_path / "gallery", name_pattern="{words}", now=lambda: NOON)
    path = store.add(result_of(prompt))

    assert path.parent == tmp_path / "gallery"
    assert path.exists() and len(path.name.encode()) < 200


@pytest.mark.parametrize(
    "prompt, name",
    [
        ("a boat on a lake at night", "a-boat-on-a-lake.png"),
        ("Portrait of a Lady With the ermine", "Portrait-of-a-Lady.png"),
        ("in the", "in.png"),
        ("the", "the.png"),
    ],
)
def test_the_words_of_a_name_do_not_end_inside_a_phrase(tmp_path, prompt, name):
    store = GalleryStore(tmp_path, name_pattern="{words}", now=lambda: NOON)
    assert store.add(result_of(prompt)).name == name


@pytest.mark.parametrize("name", ["con", "LPT1", "", ".", "-"])
def test_reserved_names_are_avoided(name):
    assert safe_stem(name).startswith("picture")


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    """Row 25."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError) as caught:
        GalleryStore(tmp_path / "file").add(result_of())
    assert caught.value.hint
