"""What the loop starts from: pure noise, a noised picture, or a picture with a mask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from PIL import Image

from sdstudio.engine.component_cache import LoadedModel
from sdstudio.engine.inpaint import (
    fill_masked,
    is_hard,
    mask_to_tensor,
    masked_blend,
    restore_detail,
    to_latent_mask,
    unknown_cells,
)
from sdstudio.engine.latents import decode_picture, encode_pixels
from sdstudio.engine.noise import draw_noise
from sdstudio.engine.rasters import fit_mask, fit_picture, image_to_pixels
from sdstudio.errors import NumericalError, UnsupportedRequestError
from sdstudio.messages.generation import GenerationRequest, ImageToImage, Inpaint
from sdstudio.messages.raster import Raster


@dataclass(frozen=True, slots=True, kw_only=True)
class StartingPoint:
    """Where one picture begins.

    Attributes:
        latents: (1, c, h, w), float32, in the scheduler's scale.
        blend: done after every step to keep what is not masked.
        restore: done to the decoded pixels; uses the VAE.
        extra_channels: mask and masked picture for a 9-channel UNet, or None.
        original, mask_image: what the result is pasted into, None unless inpainting.
    """

    latents: torch.Tensor
    blend: Callable[[torch.Tensor, int], torch.Tensor] = lambda latents, step_index: latents
    restore: Callable[[torch.Tensor], torch.Tensor] = lambda pixels: pixels
    extra_channels: torch.Tensor | None = None
    original: Image.Image | None = None
    mask_image: Raster | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What all three ways of starting need.

    The generator is drawn from in diffusers' order: the picture's posterior, the noise, the
    masked picture's posterior.
    """

    model: LoadedModel
    request: GenerationRequest
    scheduler: Any
    timesteps: torch.Tensor
    generator: torch.Generator
    device: torch.device

    def start(self) -> StartingPoint:
        """Dispatch on the request's `start`.

        Raises:
            UnsupportedRequestError: the UNet has channels that nobody can fill.
        """
        begin = self.request.start
        if isinstance(begin, Inpaint):
            return self._inpaint(begin)
        if isinstance(begin, ImageToImage):
            picture = fit_picture(begin.init_image, self.request.width, self.request.height)
            image_latents = self._encode(picture)
            latents = self._add_noise(image_latents, self._noise())
        else:
            latents = self._noise() * self.scheduler.init_noise_sigma
        return StartingPoint(latents=latents, extra_channels=self._everything_masked())

    def _inpaint(self, begin: Inpaint) -> StartingPoint:
        request, unet_takes_mask = self.request, self._takes_mask()
        mask_image = fit_mask(begin.mask_image, request.width, request.height)
        original = fit_picture(begin.init_image, request.width, request.height)
        filled = fill_masked(original, mask_image, begin.fill, request.seed)
        latent_mask = to_latent_mask(mask_image, vae_scale_factor=self._factor).to(self.device)

        feeds_mask = unet_takes_mask and begin.use_inpainting_model == "auto"
        blends = not feeds_mask or not is_hard(latent_mask)
        partial = begin.strength < 1.0
        image_latents = self._encode(filled) if blends or partial else None
        noise = self._noise()
        latents = noise * self.scheduler.init_noise_sigma
        if partial and image_latents is not None:
            latents = self._add_noise(image_latents, noise)
        if feeds_mask:
            extra = self._mask_channels(latent_mask, original, mask_image)
        else:
            extra = self._everything_masked()
        start = StartingPoint(
            latents=latents, extra_channels=extra, original=original, mask_image=mask_image
        )
        if not blends or image_latents is None:
            return start
        blend = masked_blend(
            self.scheduler,
            self.timesteps,
            latent_mask=latent_mask,
            image_latents=image_latents,
            noise=noise,
        )
        if self.model.vae is None or is_hard(latent_mask):
            return replace(start, blend=blend)
        restore = self._restorer(filled, image_latents, mask_to_tensor(mask_image))
        return replace(start, blend=blend, restore=restore)

    def _restorer(
        self, picture: Image.Image, image_latents: torch.Tensor, mask: torch.Tensor
    ) -> Callable[[torch.Tensor], torch.Tensor]:
        """Decodes the picture itself as well, to know what the VAE loses of it."""

        def restore(pixels: torch.Tensor) -> torch.Tensor:
            tiling = self.request.vae_tiling
            try:
                decoded, _ = decode_picture(self.model.vae, image_latents, tiling=tiling)
            except NumericalError:  # a blank page comes back as one colour: nothing is lost
                return pixels
            return restore_detail(
                pixels,
                original=image_to_pixels(picture).to(pixels.device),
                decoded_original=decoded,
                mask=mask.to(pixels.device),
            )

        return restore

    def _mask_channels(
        self, latent_mask: torch.Tensor, original: Image.Image, mask_image: Raster
    ) -> torch.Tensor:
        """Mask, then the picture without what is masked: the five channels of SD inpainting.

        The picture is blanked over whole cells, so that no half-masked cell shows what the
        mask says is unknown.
        """
        covered = unknown_cells(latent_mask)
        blank = torch.nn.functional.interpolate(covered, size=mask_to_tensor(mask_image).shape[2:])
        seen = image_to_pixels(original) * (1 - blank.cpu())
        masked_latents = encode_pixels(self.model.vae, seen, self.generator).to(self.device)
        return torch.cat([covered, masked_latents], dim=1)

    def _everything_masked(self) -> torch.Tensor | None:
        """Lets an inpainting UNet paint freely: all is masked, nothing of the picture is seen."""
        if not self._takes_mask():
            return None
        seen = torch.zeros(1, 3, self.request.height, self.request.width)
        masked_latents = encode_pixels(self.model.vae, seen, self.generator).to(self.device)
        return torch.cat([torch.ones_like(masked_latents[:, :1]), masked_latents], dim=1)

    def _takes_mask(self) -> bool:
        channels, latent = self.model.unet.config.in_channels, self.model.latent_channels
        if self.model.vae is None or channels == latent:
            return False
        if channels == 2 * latent + 1:
            return True
        raise UnsupportedRequestError(
            f"This model's network takes {channels} channels, which the studio cannot fill.",
            "Choose an ordinary or an inpainting model.",
        )

    @property
    def _factor(self) -> int:
        return 1 if self.model.vae is None else self.model.size_multiple

    def _encode(self, picture: Image.Image) -> torch.Tensor:
        pixels = image_to_pixels(picture)
        if self.model.vae is None:
            return pixels.to(self.device)
        return encode_pixels(self.model.vae, pixels, self.generator).to(self.device)

    def _noise(self) -> torch.Tensor:
        size = (self.request.height // self._factor, self.request.width // self._factor)
        return draw_noise((1, self._channels, *size), self.generator, self.device)

    @property
    def _channels(self) -> int:
        if self.model.vae is None:
            return int(self.model.unet.config.in_channels)
        return self.model.latent_channels

    def _add_noise(self, image_latents: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        return self.scheduler.add_noise(image_latents, noise, self.timesteps[:1])
