"""The GPU's room: torch, diffusers' models and schedulers, the denoising loop.

May import `jobs`, `model_store`, `messages`, `errors` and `paths`.
Must never know Qt, the gallery or settings: values arrive as arguments.
"""
