"""What a person can choose, and what the program remembers for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Theme = Literal["system", "dark", "light"]
DeviceChoice = Literal["auto", "cpu", "cuda", "mps"]
DtypeChoice = Literal["auto", "float32", "float16", "bfloat16"]
PreviewMode = Literal["automatic", "linear", "tiny", "full", "off"]
PictureFormat = Literal["png", "jpeg", "webp"]

PlainValue = str | int | float | bool

MAX_RECENT_PROMPTS = 50
MAX_RECENT_DOCUMENTS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting with its default; a change makes a new value (`dataclasses.replace`).

    Attributes:
        gallery_folder: "" for the default place.
        extra_folders: whose pictures the gallery shows as well, in place.
        preview_mode: which decoder makes previews; "off" for none.
        cpu_offload: keep on the graphics card only what is working at the moment.
        picture_format: of new pictures; "webp" is lossless.
        name_pattern: of new pictures, "" for the gallery's own.
        notify_when_done: tell by a native notification when a long run ends unseen.
        window_geometry, window_state: Qt's bytes in base64, "" before the first close.
        recent_prompts: newest first.
        recent_documents: files of painted pictures, newest first.
        form_values: the last state of the generation form, by field.
        panel_state: which sections are open and other small memories of the window.
    """

    theme: Theme = "dark"
    gallery_folder: str = ""
    extra_folders: tuple[str, ...] = ()
    device: DeviceChoice = "auto"
    dtype: DtypeChoice = "auto"
    preview_mode: PreviewMode = "automatic"
    cpu_offload: bool = False
    picture_format: PictureFormat = "png"
    name_pattern: str = ""
    notify_when_done: bool = True
    reduced_motion: bool = False
    window_geometry: str = ""
    window_state: str = ""
    recent_prompts: tuple[str, ...] = ()
    recent_documents: tuple[str, ...] = ()
    form_values: dict[str, PlainValue] = field(default_factory=dict)
    panel_state: dict[str, PlainValue] = field(default_factory=dict)


def with_recent_prompt(recent: tuple[str, ...], prompt: str) -> tuple[str, ...]:
    """Return `recent` with `prompt` at its front, once, and not longer than is useful."""
    others = (old for old in recent if old != prompt)
    return (prompt, *others)[:MAX_RECENT_PROMPTS] if prompt.strip() else recent


def with_recent_document(recent: tuple[str, ...], path: str) -> tuple[str, ...]:
    """Return `recent` with a document's path at its front, once, and not longer than is useful."""
    others = (old for old in recent if old != path)
    return (path, *others)[:MAX_RECENT_DOCUMENTS]
