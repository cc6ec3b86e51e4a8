"""ComfyUI: the graph that made the picture, walked from the sampler to what fed it.

`prompt` is {node id: {"class_type", "inputs": {name: value | [node id, slot]}}};
`workflow` is what the editor shows: "nodes" with "widgets_values", joined by "links".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sdstudio.gallery.metadata import picture_metadata as values
from sdstudio.gallery.metadata.picture_metadata import PictureMetadata

Graph = dict[str, dict[str, Any]]

_MAX_NODES = 5000
_MAX_VISITS = 2000
_MAX_DEPTH = 60
_TEXT_INPUTS = ("text", "string", "prompt", "value", "populated_text", "wildcard_text")
_NUMBER_INPUTS = ("value", "seed", "noise_seed", "int", "float", "number")
_MODEL_NAMES = ("ckpt_name", "unet_name", "model_name", "base_ckpt_name")
_WIDGETS = {
    "KSampler": ("seed", "", "steps", "cfg", "sampler_name", "scheduler", "denoise"),
    "KSamplerAdvanced": (
        *("add_noise", "noise_seed", "", "steps", "cfg", "sampler_name", "scheduler"),
    ),
    "CLIPTextEncode": ("text",),
    "CheckpointLoaderSimple": ("ckpt_name",),
    "EmptyLatentImage": ("width", "height", "batch_size"),
    "LoraLoader": ("lora_name", "strength_model", "strength_clip"),
}
"""What the editor's bare `widgets_values` mean in the nodes that nearly every graph is made of."""


def read_comfy_graph(graph: object) -> PictureMetadata | None:
    """The making of a picture by ComfyUI's `prompt`, or None if it is no such graph."""
    nodes = _nodes(graph)
    sampler_id = _first_sampler(nodes)
    if sampler_id is None:
        return PictureMetadata(source="comfyui", prompt=_longest_text(nodes)) if nodes else None
    walk = _Walk(nodes)
    find = walk.upstream_value
    scheduler = values.text_of(find(sampler_id, ("scheduler",)))
    loras = dict.fromkeys(walk.all_values(sampler_id, "lora_name"))
    denoise = values.text_of(find(sampler_id, ("denoise",)))
    extra = {"Scheduler": scheduler, "LoRA": ", ".join(loras), "Denoise": denoise}
    return PictureMetadata(
        source="comfyui",
        prompt=values.prompt_of(walk.prompt(sampler_id, "positive")),
        negative_prompt=values.prompt_of(walk.prompt(sampler_id, "negative")),
        steps=values.steps_of(find(sampler_id, ("steps",))),
        sampler=values.text_of(find(sampler_id, ("sampler_name",))),
        guidance_scale=values.guidance_of(find(sampler_id, ("cfg", "guidance"))),
        seed=values.seed_of(find(sampler_id, ("seed", "noise_seed"))),
        size=values.size_of(find(sampler_id, ("width",)), find(sampler_id, ("height",))),
        model=values.text_of(find(sampler_id, _MODEL_NAMES)),
        fields=extra,
    )


def graph_of_workflow(workflow: object) -> Graph:
    """The editor's graph in the form of `prompt`, as far as its nodes are known."""
    if not isinstance(workflow, dict) or not isinstance(workflow.get("nodes"), list):
        return {}
    links = workflow.get("links")
    origins = {
        str(link[0]): [str(link[1]), link[2]]
        for link in (links if isinstance(links, list) else [])[: _MAX_NODES * 4]
        if isinstance(link, list) and len(link) >= 3
    }
    graph: Graph = {}
    for node in workflow["nodes"][:_MAX_NODES]:
        if isinstance(node, dict):
            graph[str(node.get("id"))] = _node_of_editor(node, origins)
    return graph


def _node_of_editor(node: dict[str, Any], origins: dict[str, list[Any]]) -> dict[str, Any]:
    kind, widgets, slots = node.get("type"), node.get("widgets_values"), node.get("inputs")
    inputs: dict[str, Any] = {}
    if isinstance(widgets, list) and isinstance(kind, str):
        inputs |= {n: v for n, v in zip(_WIDGETS.get(kind, ()), widgets, strict=False) if n}
    for slot in slots if isinstance(slots, list) else ():
        if isinstance(slot, dict) and str(slot.get("link")) in origins:
            inputs[str(slot.get("name"))] = origins[str(slot["link"])]
    return {"class_type": kind, "inputs": inputs}


def _nodes(graph: object) -> Graph:
    if not isinstance(graph, dict) or len(graph) > _MAX_NODES:
        return {}
    return {
        str(key): node
        for key, node in graph.items()
        if isinstance(node, dict) and isinstance(node.get("inputs"), dict) and "class_type" in node
    }


def _is_sampler(node: dict[str, Any]) -> bool:
    inputs = node["inputs"]
    return ("positive" in inputs and ("seed" in inputs or "noise_seed" in inputs)) or (
        "guider" in inputs and "noise" in inputs
    )


def _first_sampler(nodes: Graph) -> str | None:
    """The sampler that began the picture: further passes only refine what it made."""
    samplers = [key for key, node in nodes.items() if _is_sampler(node)]
    walk = _Walk(nodes)
    for key in samplers:
        upstream = walk.upstream(key, skip=("model", "positive", "negative"))
        if not any(other in samplers for other, _ in upstream if other != key):
            return key
    return samplers[0] if samplers else None


def _longest_text(nodes: Graph) -> str:
    """Without a sampler, the longest text is taken for the prompt."""
    texts = [node["inputs"].get("text") for node in nodes.values()]
    longest = max((text for text in texts if isinstance(text, str)), key=len, default="")
    return values.prompt_of(longest)


class _Walk:
    """Follows links upstream; every walk is bounded and sees no node twice."""

    def __init__(self, nodes: Graph) -> None:
        self._nodes = nodes
        self._feeding: dict[str, list[dict[str, Any]]] = {}

    def upstream(
        self, key: str, *, skip: tuple[str, ...] = ()
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """(id, inputs) of the node and all that feed it, the nearest first."""
        waiting, seen = [key], {key}
        for visits, current in enumerate(waiting):
            node = self._nodes.get(current)
            if node is None or visits > _MAX_VISITS:
                continue
            yield current, node["inputs"]
            for name, value in node["inputs"].items():
                origin = self._origin(value)
                if origin is not None and origin not in seen and name not in skip:
                    seen.add(origin)
                    waiting.append(origin)

    def upstream_value(self, key: str, names: tuple[str, ...]) -> object:
        """The nearest value that goes by one of the names."""
        for inputs in self._inputs(key):
            for name in names:
                if name in inputs:
                    found = self._scalar(inputs[name], 0)
                    if found is not None:
                        return found
        return None

    def all_values(self, key: str, name: str) -> list[str]:
        """Every text that goes by this name upstream."""
        found = [inputs.get(name) for inputs in self._inputs(key)]
        return [values.text_of(value) for value in found if isinstance(value, str)]

    def _inputs(self, key: str) -> list[dict[str, Any]]:
        """The inputs of the node and of all that feed it, walked once."""
        if key not in self._feeding:
            self._feeding[key] = [inputs for _, inputs in self.upstream(key)]
        return self._feeding[key]

    def prompt(self, key: str, role: str) -> str:
        """The texts that reach the input `positive` or `negative`, in order, each once."""
        inputs = self._nodes[key]["inputs"]
        start = inputs.get(role)
        guider = self._origin(inputs.get("guider"))
        if start is None and guider is not None and guider in self._nodes:
            feeding = self._nodes[guider]["inputs"]
            start = feeding.get(role, feeding.get("conditioning") if role == "positive" else None)
        found = dict.fromkeys(self._texts(start, role, set()))
        return "\n".join(text for text in found if text)

    def _texts(self, value: object, role: str, seen: set[str]) -> Iterator[str]:
        origin = self._origin(value)
        if origin is None or origin in seen or len(seen) > _MAX_DEPTH:
            return
        seen.add(origin)
        node = self._nodes.get(origin)
        for name, item in (node["inputs"] if node else {}).items():
            if name.startswith(_TEXT_INPUTS):
                yield self._text(item, 0)
            elif name.startswith("conditioning") or name == role:
                yield from self._texts(item, role, seen)

    def _text(self, value: object, depth: int) -> str:
        """A text, or what a chain of text nodes makes of theirs."""
        if isinstance(value, str):
            return value
        origin = self._origin(value)
        node = self._nodes.get(origin) if origin is not None and depth < _MAX_DEPTH else None
        if node is None:
            return ""
        parts = [
            self._text(item, depth + 1)
            for name, item in list(node["inputs"].items())[:8]
            if name.startswith(_TEXT_INPUTS)
        ]
        return ", ".join(part for part in parts if part)[: values.MAX_PROMPT_CHARS]

    def _scalar(self, value: object, depth: int) -> object:
        origin = self._origin(value)
        if origin is None:
            return None if isinstance(value, (list, dict)) else value
        node = self._nodes.get(origin)
        if node is None or depth > _MAX_DEPTH:
            return None
        for name in _NUMBER_INPUTS:
            if name in node["inputs"]:
                return self._scalar(node["inputs"][name], depth + 1)
        return None

    def _origin(self, value: object) -> str | None:
        if type(value) is not list or len(value) != 2 or not isinstance(value[0], (str, int)):
            return None
        return str(value[0])
