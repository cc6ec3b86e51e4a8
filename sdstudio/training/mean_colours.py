"""A beginning for an untrained autoencoder: latents that hold the mean colour of each block."""

from __future__ import annotations

from typing import Any, cast

import torch
from diffusers import AutoencoderKL
from diffusers.models.downsampling import Downsample2D
from diffusers.models.resnet import ResnetBlock2D
from diffusers.models.upsampling import Upsample2D
from torch import Tensor, nn

INITIAL_LOGVAR = -5.0


@torch.no_grad()
def start_from_mean_colours(vae: AutoencoderKL) -> None:
    """Set the weights so that three latent channels hold the mean colour of each block.

    From random weights the first thousand steps learn brightness only and leave pictures grey
    (measured). So the residual branches begin at zero (Fixup, Zhang et al. 2019), and six channels
    carry +colour and -colour through every other layer; silu(x) - silu(-x) = x undoes the
    activation before the last convolution of each half. All other channels begin at random.
    """
    for module in vae.modules():
        if isinstance(module, ResnetBlock2D):
            nn.init.zeros_(module.conv2.weight)
            if module.conv_shortcut is not None:
                _carry(module.conv_shortcut)
        elif isinstance(module, Downsample2D):
            _carry(cast(nn.Conv2d, module.conv), window=2)
        elif isinstance(module, Upsample2D):
            _carry(cast(nn.Conv2d, module.conv))
    for half in (vae.encoder, vae.decoder):
        _split_signs(half.conv_in)
        _join_signs(half.conv_out)
    for conv in cast(tuple[nn.Conv2d, ...], (vae.quant_conv, vae.post_quant_conv)):
        nn.init.dirac_(conv.weight)
    channels = cast(int, cast(Any, vae.config).latent_channels)
    nn.init.zeros_(vae.encoder.conv_out.weight[channels:])
    nn.init.constant_(cast(Tensor, vae.encoder.conv_out.bias)[channels:], INITIAL_LOGVAR)


def _carry(conv: nn.Conv2d, window: int = 1) -> None:
    """Let the six colour channels pass, each the mean of `window` x `window` pixels."""
    corner = 0 if window > 1 else conv.kernel_size[0] // 2
    conv.weight[:6].zero_()
    for channel in range(6):
        area = conv.weight[channel, channel, corner : corner + window, corner : corner + window]
        area.fill_(1 / window**2)


def _split_signs(conv: nn.Conv2d) -> None:
    conv.weight[:6].zero_()
    for channel in range(3):
        conv.weight[channel, channel, 1, 1] = 1
        conv.weight[channel + 3, channel, 1, 1] = -1


def _join_signs(conv: nn.Conv2d) -> None:
    conv.weight[:3].zero_()
    for channel in range(3):
        conv.weight[channel, channel, 1, 1] = 1
        conv.weight[channel, channel + 3, 1, 1] = -1
