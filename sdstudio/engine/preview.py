"""The x0 guess as a picture: a fitted linear map, a tiny decoder, or the VAE itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from sdstudio.engine.latents import decode_latents, encode_pixels
from sdstudio.engine.rasters import pixels_to_raster
from sdstudio.messages.raster import Raster

PreviewMode = Literal["automatic", "linear", "tiny", "full", "off"]
Decoder = Callable[[torch.Tensor], torch.Tensor]
"""Latents (1, c, h, w) to pixels (1, 3, any size), nominally in [-1, 1]."""

BUDGET = 0.015
"""Share of a run's time that automatic previews may cost: half of the 3 % that everything beside
the model may; a finer preview at more steps would be paid for by every picture."""

_FIRST_GUESS = {"tiny": 0.1, "full": 2.0}
"""Cost of a decoder in steps until it has been timed: AutoencoderTiny 10 % of a guided SD 1.5
step, the VAE about two (multiply-accumulates counted at 512 px)."""

_FIT_SIDE_PX = 64
_FIT_PICTURES = 12


class LinearDecoder:
    """Latents to RGB at latent size: one matrix and a bias.

    Args:
        matrix: (latent channels + 1, 3), the last row being the bias.
    """

    def __init__(self, matrix: torch.Tensor) -> None:
        self.matrix = matrix

    def __call__(self, latents: torch.Tensor) -> torch.Tensor:
        """(1, c, h, w) to (1, 3, h, w), float32."""
        weight, bias = self.matrix[:-1].to(latents.device), self.matrix[-1].to(latents.device)
        return torch.einsum("bchw,cr->brhw", latents.float(), weight) + bias.view(1, 3, 1, 1)


def fit_linear_decoder(vae: Any) -> LinearDecoder:
    """Fit RGB = [latents, 1] A by least squares to the VAE's own decoding.

    The VAE encodes soft random pictures and decodes them again; the decoded picture, averaged
    over each latent cell, is the target. Works for any VAE and number of channels.
    """
    generator = torch.Generator("cpu").manual_seed(0)
    rows, targets = [], []
    for _ in range(_FIT_PICTURES):
        latents = encode_pixels(vae, soft_random_picture(generator), generator)
        rows.append(latents.flatten(2)[0].T)
        targets.append(_cell_means(decode_latents(vae, latents), latents))
    return LinearDecoder(solve_linear_map(torch.cat(rows), torch.cat(targets)))


def solve_linear_map(latents: torch.Tensor, colours: torch.Tensor) -> torch.Tensor:
    """The (channels + 1, 3) matrix that minimises |[latents, 1] A - colours|.

    Args:
        latents: (cells, channels).
        colours: (cells, 3).
    """
    design = torch.cat([latents, torch.ones_like(latents[:, :1])], dim=1).double().cpu()
    return torch.linalg.lstsq(design, colours.double().cpu(), driver="gelsd").solution.float()


def soft_random_picture(generator: torch.Generator) -> torch.Tensor:
    """Random colours at several scales, (1, 3, 64, 64) in [-1, 1]: all hues, soft and sharp."""
    picture = torch.zeros(1, 3, _FIT_SIDE_PX, _FIT_SIDE_PX)
    for cells, weight in ((1, 0.6), (2, 0.5), (4, 0.4), (8, 0.3), (16, 0.1)):
        coarse = torch.randn(1, 3, cells, cells, generator=generator)
        picture += weight * torch.nn.functional.interpolate(
            coarse, size=picture.shape[2:], mode="bicubic" if cells > 1 else "nearest"
        )
    return picture.clamp(-1, 1)


def load_or_fit(vae: Any, cache_folder: Path | None) -> LinearDecoder:
    """The linear map of this VAE, from the cache folder if it was fitted before."""
    file = cache_folder / "previews" / f"{fingerprint(vae)}.safetensors" if cache_folder else None
    matrix = _read_matrix(file) if file is not None else None
    if matrix is not None and matrix.shape == (vae.config.latent_channels + 1, 3):
        return LinearDecoder(matrix)
    decoder = fit_linear_decoder(vae)
    if file is not None:
        _save_quietly(decoder, file)
    return decoder


def fingerprint(vae: Any) -> str:
    """Names the VAE by its configuration and the layers next to the latents and to the pixels."""
    digest = hashlib.sha256(json.dumps(dict(vae.config), sort_keys=True, default=str).encode())
    for name, tensor in vae.state_dict().items():
        if name.startswith(("decoder.conv_in", "decoder.conv_out", "post_quant_conv")):
            digest.update(tensor.float().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


class Previewer:
    """Turns x0 guesses into small pictures without ever making a run notably slower.

    Args:
        decoders: "linear", and "tiny" and "full" where the model has them, cheapest first.
        mode: one decoder by name, or "automatic": the best one the budget allows at each step,
            so that all previews together cost at most `BUDGET` of the time the run took so far.
    """

    def __init__(self, decoders: dict[str, Decoder], mode: PreviewMode = "automatic") -> None:
        self._decoders = decoders
        self._mode = mode
        self._seconds: dict[str, float] = {}
        self._spent = 0.0
        self._started = perf_counter()
        self._area = 0

    def start(self, area: int) -> None:
        """A picture begins.

        Args:
            area: its latent cells; what decoders cost is forgotten when this changes.
        """
        if area != self._area:
            self._seconds.clear()
        self._area, self._spent, self._started = area, 0.0, perf_counter()

    def render(self, pred_original_sample: torch.Tensor, step: int) -> Raster | None:
        """The guess after `step` steps as a picture, or None if it would be too dear."""
        name = self._choose(step)
        if name is None:
            return None
        began = perf_counter()
        raster = pixels_to_raster(self._decoders[name](pred_original_sample))
        self._seconds[name] = seconds = perf_counter() - began
        self._spent += seconds
        return raster

    def _choose(self, step: int) -> str | None:
        if self._mode == "off" or not self._decoders:
            return None
        if self._mode != "automatic":
            return self._mode if self._mode in self._decoders else next(iter(self._decoders))
        elapsed = perf_counter() - self._started
        budget = BUDGET * elapsed - self._spent
        per_step = (elapsed - self._spent) / step
        affordable = [n for n in self._decoders if self._expected(n, per_step) <= budget]
        return affordable[-1] if affordable else None

    def _expected(self, name: str, seconds_per_step: float) -> float:
        if name in self._seconds:
            return self._seconds[name]
        return _FIRST_GUESS.get(name, 0.0) * seconds_per_step


def make_decoders(
    vae: Any | None, tiny_decoder: Any | None, cache_folder: Path | None
) -> dict[str, Decoder]:
    """What can show this model's x0, cheapest first; pixel-space models show themselves."""
    if vae is None:
        return {"linear": lambda pixels: pixels}
    decoders: dict[str, Decoder] = {"linear": load_or_fit(vae, cache_folder)}
    if tiny_decoder is not None:
        decoders["tiny"] = lambda latents: decode_latents(tiny_decoder, latents)
    decoders["full"] = lambda latents: decode_latents(vae, latents)
    return decoders


def _cell_means(pixels: torch.Tensor, latents: torch.Tensor) -> torch.Tensor:
    height, width = latents.shape[2:]
    means = torch.nn.functional.adaptive_avg_pool2d(pixels.clamp(-1, 1), (height, width))
    return means.flatten(2)[0].T


def _read_matrix(file: Path) -> torch.Tensor | None:
    """The cached map, or None: a missing or broken cache file is simply made again."""
    try:
        return load_file(file)["matrix"]
    except (OSError, SafetensorError, KeyError):
        return None


def _save_quietly(decoder: LinearDecoder, file: Path) -> None:
    """A cache that cannot be written costs a second fit, nothing else."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary = file.with_suffix(".tmp")
        save_file({"matrix": decoder.matrix.contiguous()}, temporary)
        temporary.replace(file)
    except OSError:
        pass
