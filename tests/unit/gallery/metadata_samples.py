"""Pictures as other programs write them, built from their documented formats.

Each sample is (file name, function that writes it, what must be read). The ugly ones are here:
line breaks, commas and quotes in prompts, a prompt that speaks of a negative prompt, every script,
100 kB prompts, UTF-16 of both byte orders, graphs with subgraphs, NaN and links to nowhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from tests.unit.gallery.picture_files import a1111_comment, png_with, with_user_comment

Expected = dict[str, Any]
Write = Callable[[Path], Path]

A1111 = (
    "masterpiece, (red:1.2) house\nat night <lora:snow:0.8>\n"
    "Negative prompt: blurry,\nlow quality\n"
    "Steps: 30, Sampler: DPM++ 2M Karras, CFG scale: 7.5, Seed: 1234567890, Size: 512x768, "
    "Model hash: 6ce0161689, Model: v1-5-pruned, Denoising strength: 0.7, Clip skip: 2, "
    'Hires upscale: 2, Hires upscaler: Latent, Lora hashes: "snow: 12ab, b: 34cd", Version: v1.9.4'
)
A1111_READ: Expected = {
    "source": "a1111",
    "prompt": "masterpiece, (red:1.2) house\nat night <lora:snow:0.8>",
    "negative_prompt": "blurry,\nlow quality",
    "steps": 30,
    "sampler": "DPM++ 2M Karras",
    "guidance_scale": 7.5,
    "seed": 1234567890,
    "size": (512, 768),
    "model": "v1-5-pruned",
}
SHORT = "\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 64x64"


def png(**texts: str) -> Write:
    return lambda path: png_with(path, texts)


def png_json(**texts: Any) -> Write:
    return png(**{key: json.dumps(value) for key, value in texts.items()})


def exif(comment: bytes, *, big_endian_file: bool = True) -> Write:
    return lambda path: with_user_comment(path, comment, big_endian_file=big_endian_file)


def node(kind: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs}


COMFY = {
    "3": node(
        "KSampler", seed=2**63, steps=25, cfg=6.5, sampler_name="dpmpp_2m", scheduler="karras",
        denoise=1.0, model=["10", 0], positive=["6", 0], negative=["7", 0], latent_image=["5", 0],
    ),
    "4": node("CheckpointLoaderSimple", ckpt_name="dream.safetensors"),
    "5": node("EmptyLatentImage", width=768, height=512, batch_size=1),
    "6": node("CLIPTextEncode", text="a red house", clip=["10", 1]),
    "7": node("CLIPTextEncode", text="fog", clip=["10", 1]),
    "8": node("VAEDecode", samples=["3", 0], vae=["4", 2]),
    "9": node("SaveImage", images=["8", 0], filename_prefix="ComfyUI"),
    "10": node("LoraLoader", lora_name="snow.safetensors", model=["4", 0], clip=["4", 1]),
}  # fmt: skip
COMFY_READ: Expected = {
    "source": "comfyui", "prompt": "a red house", "negative_prompt": "fog", "seed": 2**63,
    "steps": 25, "guidance_scale": 6.5, "sampler": "dpmpp_2m", "size": (768, 512),
    "model": "dream.safetensors",
}  # fmt: skip
COMFY_TWO_PASSES = COMFY | {
    "20": node(
        "KSampler", seed=7, steps=10, cfg=5, sampler_name="euler", denoise=0.4, model=["10", 0],
        positive=["6", 0], negative=["7", 0], latent_image=["21", 0],
    ),
    "21": node("LatentUpscale", samples=["3", 0], width=1536, height=1024),
    "8": node("VAEDecode", samples=["20", 0], vae=["4", 2]),
}  # fmt: skip
COMFY_CUSTOM = {
    "1": node("SamplerCustomAdvanced", noise=["2", 0], guider=["3", 0], sampler=["4", 0],
              sigmas=["5", 0], latent_image=["6", 0]),
    "2": node("RandomNoise", noise_seed=["12", 0]),
    "3": node("CFGGuider", model=["7", 0], positive=["8", 0], negative=["9", 0], cfg=3.5),
    "4": node("KSamplerSelect", sampler_name="euler"),
    "5": node("BasicScheduler", scheduler="beta", steps=12, model=["7", 0]),
    "6": node("EmptySD3LatentImage", width=1024, height=1024),
    "7": node("UNETLoader", unet_name="flux.safetensors"),
    "8": node("ConditioningCombine", conditioning_1=["10", 0], conditioning_2=["11", 0]),
    "9": node("CLIPTextEncode", text=["13", 0]),
    "10": node("CLIPTextEncodeSDXL", text_g="a house", text_l="a house", width=1024),
    "11": node("CLIPTextEncode", text=["14", 0]),
    "12": node("PrimitiveInt", value=42),
    "13": node("StringConstant", string="fog"),
    "14": node("StringConcatenate", string_a="in", string_b=["13", 0]),
}  # fmt: skip
COMFY_WORKFLOW = {
    "nodes": [
        {"id": 3, "type": "KSampler", "widgets_values": [5, "fixed", 20, 8, "euler", "normal", 1],
         "inputs": [{"name": "positive", "link": 1}, {"name": "negative", "link": 2},
                    {"name": "model", "link": 3}]},
        {"id": 6, "type": "CLIPTextEncode", "widgets_values": ["a boat"]},
        {"id": 7, "type": "CLIPTextEncode", "widgets_values": ["rain"]},
        {"id": 4, "type": "CheckpointLoaderSimple", "widgets_values": ["sd15.ckpt"]},
    ],
    "links": [[1, 6, 0, 3, 1, "CONDITIONING"], [2, 7, 0, 3, 2, "CONDITIONING"],
              [3, 4, 0, 3, 0, "MODEL"]],
}  # fmt: skip
COMFY_LOOP = {
    "1": node("KSampler", seed=1, steps=5, positive=["2", 0], negative=["9", 0], model=["1", 0]),
    "2": node("ConditioningConcat", conditioning_to=["2", 0], conditioning_from=["3", 0]),
    "3": node("CLIPTextEncode", text=["4", 0]),
    "4": node("Loop", text=["4", 0], value="x"),
}

INVOKE = {
    "generation_mode": "txt2img", "positive_prompt": 'a "red" house, at night', "cfg_scale": 7.5,
    "negative_prompt": "fog", "width": 512, "height": 640, "seed": 3854463459, "steps": 30,
    "scheduler": "euler_a", "rand_device": "cpu", "app_version": "5.0.0",
    "model": {"name": "Dreamshaper 8", "base": "sd-1", "hash": "blake3:00"},
    "loras": [{"model": {"name": "snow"}, "weight": 0.75}],
}  # fmt: skip
INVOKE_READ: Expected = {
    "source": "invokeai", "prompt": 'a "red" house, at night', "negative_prompt": "fog",
    "size": (512, 640), "seed": 3854463459, "steps": 30, "sampler": "euler_a",
    "guidance_scale": 7.5, "model": "Dreamshaper 8",
}  # fmt: skip
SD_METADATA = {
    "model": "stable diffusion", "model_weights": "stable-diffusion-1.5",
    "app_version": "2.3.5", "image": {
        "prompt": [{"prompt": "a red house [fog, rain]", "weight": 1.0}], "steps": 50,
        "cfg_scale": 7.5, "threshold": 0, "height": 512, "width": 704, "seed": 42,
        "type": "txt2img", "sampler": "k_lms",
    },
}  # fmt: skip
NOVELAI = {
    "prompt": "1girl, {red} house", "uc": "lowres, bad", "steps": 28, "sampler": "k_euler",
    "scale": 11.0, "seed": 4027222013, "height": 768, "width": 512, "n_samples": 1,
}  # fmt: skip
NOVELAI_4 = {
    "steps": 28, "scale": 5, "seed": 9, "sampler": "k_euler_ancestral", "width": 832,
    "height": 1216, "v4_prompt": {"caption": {"base_caption": "a house", "char_captions": []}},
    "v4_negative_prompt": {"caption": {"base_caption": "fog"}}, "uc": "",
}  # fmt: skip
FOOOCUS = {
    "adm_guidance": "(1.5, 0.8, 0.3)", "base_model": "juggernautXL_v8", "base_model_hash": "aa",
    "full_prompt": ["cinematic still a house", "a house"], "guidance_scale": 4, "loras": [],
    "metadata_scheme": "fooocus", "negative_prompt": "fog", "performance": "Speed",
    "prompt": "a house", "refiner_model": "None", "resolution": "(1152, 896)",
    "sampler": "dpmpp_2m_sde_gpu", "scheduler": "karras", "seed": "5000100200300400500",
    "sharpness": 2, "steps": 30, "styles": "['Fooocus V2']", "version": "Fooocus v2.5.0",
}  # fmt: skip
FOOOCUS_READ: Expected = {
    "source": "fooocus", "prompt": "a house", "negative_prompt": "fog", "size": (1152, 896),
    "seed": 5000100200300400500, "steps": 30, "sampler": "dpmpp_2m_sde_gpu",
    "guidance_scale": 4.0, "model": "juggernautXL_v8",
}  # fmt: skip
DIFFUSIONBEE = {
    "prompt": "a house", "negative_prompt": "fog", "img_width": 512, "img_height": 768,
    "ddim_steps": 25, "guidance_scale": 7.5, "seed": 12345, "model_version": "sd_1.5",
}  # fmt: skip


def comfy_webp(path: Path) -> Path:
    """ComfyUI's WebP: texts in the EXIF tags Model and Make."""
    tags = Image.Exif()
    tags[0x0110] = f"prompt:{json.dumps(COMFY)}"
    tags[0x010F] = 'workflow:{"nodes": []}'
    Image.new("RGB", (16, 8)).save(path, exif=tags.tobytes())
    return path


def fooocus_jpeg(path: Path) -> Path:
    tags = Image.Exif()
    details = tags.get_ifd(0x8769)
    details[0x9286] = b"ASCII\0\0\0" + json.dumps(FOOOCUS).encode()
    details[0x927C] = b"fooocus"
    tags[0x0131] = "Fooocus v2.5.0"
    Image.new("RGB", (16, 8)).save(path, exif=tags.tobytes())
    return path


LITTLE = b"UNICODE\0" + A1111.encode("utf-16-le")
MARKED = b"UNICODE\0" + A1111.encode("utf-16")
CHINESE = "雪中的红房子，夜晚\nNegative prompt: 模糊" + SHORT
NESTED = 'say "Negative prompt: none", twice\nNegative prompt: fog' + SHORT

SAMPLES: list[tuple[str, Write, Expected]] = [
    ("a1111.png", png(parameters=A1111), A1111_READ),
    ("a1111-packed.png", lambda path: png_with(path, {"parameters": A1111}, zip=True), A1111_READ),
    ("a1111.jpg", exif(a1111_comment(A1111)), A1111_READ),
    ("a1111.webp", exif(a1111_comment(A1111)), A1111_READ),
    ("forge-little-endian-file.jpg", exif(a1111_comment(A1111), big_endian_file=False), A1111_READ),
    ("utf16-little.jpg", exif(LITTLE), A1111_READ),
    ("utf16-little-both.webp", exif(LITTLE, big_endian_file=False), A1111_READ),
    ("utf16-marked.jpg", exif(MARKED), A1111_READ),
    ("ascii-comment.jpg", exif(b"ASCII\0\0\0" + A1111.encode()), A1111_READ),
    ("no-code-comment.jpg", exif(bytes(8) + A1111.encode()), A1111_READ),
    ("chinese.jpg", exif(a1111_comment(CHINESE)),
     {"prompt": "雪中的红房子，夜晚", "negative_prompt": "模糊", "steps": 20}),
    ("chinese.png", png(parameters=CHINESE), {"prompt": "雪中的红房子，夜晚", "seed": 1}),
    ("nested.png", png(parameters=NESTED),
     {"prompt": 'say "Negative prompt: none", twice', "negative_prompt": "fog"}),
    ("no-negative.png", png(parameters="a house" + SHORT), {"prompt": "a house", "steps": 20}),
    ("no-settings.png", png(parameters="only: a prompt, really"),
     {"source": "a1111", "prompt": "only: a prompt, really", "steps": None}),
    ("long.png", png(parameters="word, " * 17_000 + SHORT),
     {"prompt": "word, " * 17_000, "steps": 20}),
    ("clamped.png", png(parameters="x\nSteps: 1e9, Sampler: a, CFG scale: nan, Seed: -1, "
                        "Size: 99999999x1"),
     {"steps": 1000, "guidance_scale": None, "seed": None, "size": (8192, 1)}),
    ("comfy.png", png_json(prompt=COMFY, workflow={"nodes": []}), COMFY_READ),
    ("comfy.webp", comfy_webp, COMFY_READ),
    ("comfy-two-passes.png", png_json(prompt=COMFY_TWO_PASSES), COMFY_READ),
    ("comfy-custom.png", png_json(prompt=COMFY_CUSTOM),
     {"source": "comfyui", "prompt": "a house\nin, fog", "negative_prompt": "fog", "seed": 42,
      "steps": 12, "guidance_scale": 3.5, "sampler": "euler", "model": "flux.safetensors"}),
    ("comfy-nan.png", png(prompt=json.dumps(COMFY)[:-1] + ', "99": {"is_changed": [NaN]}}'),
     COMFY_READ),
    ("comfy-workflow.png", png_json(workflow=COMFY_WORKFLOW),
     {"source": "comfyui", "prompt": "a boat", "negative_prompt": "rain", "seed": 5, "steps": 20,
      "guidance_scale": 8.0, "sampler": "euler", "model": "sd15.ckpt"}),
    ("comfy-loop.png", png_json(prompt=COMFY_LOOP), {"source": "comfyui", "seed": 1, "steps": 5}),
    ("invoke.png", png_json(invokeai_metadata=INVOKE), INVOKE_READ),
    ("invoke-old.png", png_json(**{"sd-metadata": SD_METADATA}),
     {"source": "invokeai", "prompt": "a red house", "negative_prompt": "fog, rain", "steps": 50,
      "seed": 42, "size": (704, 512), "sampler": "k_lms", "model": "stable-diffusion-1.5"}),
    ("novelai.png", png(Software="NovelAI", Description="1girl, {red} house",
                        Comment=json.dumps(NOVELAI), Source="Stable Diffusion 81274D13"),
     {"source": "novelai", "prompt": "1girl, {red} house", "negative_prompt": "lowres, bad",
      "steps": 28, "guidance_scale": 11.0, "seed": 4027222013, "size": (512, 768),
      "sampler": "k_euler", "model": "Stable Diffusion 81274D13"}),
    ("novelai-4.png", png(Software="NovelAI", Comment=json.dumps(NOVELAI_4)),
     {"source": "novelai", "prompt": "a house", "negative_prompt": "fog", "seed": 9}),
    ("fooocus.png", png(parameters=json.dumps(FOOOCUS), fooocus_scheme="fooocus"), FOOOCUS_READ),
    ("fooocus.jpg", fooocus_jpeg, FOOOCUS_READ),
    ("diffusionbee.png", png_json(Comment=DIFFUSIONBEE),
     {"source": "diffusionbee", "prompt": "a house", "negative_prompt": "fog", "steps": 25,
      "seed": 12345, "size": (512, 768), "guidance_scale": 7.5, "model": "sd_1.5"}),
    ("nothing.png", png(Title="my holiday"), {"source": "", "prompt": ""}),
]  # fmt: skip
