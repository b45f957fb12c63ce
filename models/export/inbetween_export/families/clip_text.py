"""CLIP and OpenCLIP text encoders as transformers holds them."""

import torch
from transformers import CLIPTextModel, CLIPTextModelWithProjection

from ..component import Component, TensorSpec
from ..errors import SourceError
from ..extra_rows_graph import add_extra_rows
from ..source import Source, config_of
from .extra_rows import ExtraRows

_CLASSES = {"CLIPTextModel": CLIPTextModel, "CLIPTextModelWithProjection": CLIPTextModelWithProjection}


class ClipText(torch.nn.Module):
    """Outputs, for L layers: last_hidden_state (after the final LayerNorm), the pooled vector, hidden_states.0 to
    .L-1 (the input of each layer) and normed_hidden_states.0 to .L-1 (the same after the final LayerNorm).

    CLIP skip k takes normed_hidden_states.{L-k} (Stable Diffusion 1 and 2).
    """

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model
        # transformers 5 flattened CLIPTextModel; the class with a projection still nests one.
        self.inner = getattr(model, "text_model", model)

    def forward(self, input_ids: torch.Tensor) -> tuple[torch.Tensor, ...]:
        output = self.model(input_ids, output_hidden_states=True, return_dict=True)
        pooled = output.text_embeds if hasattr(output, "text_embeds") else output.pooler_output
        states = tuple(output.hidden_states[:-1])
        normed = tuple(self.inner.final_layer_norm(state) for state in states)
        return (output.last_hidden_state, pooled, *states, *normed)


class ClipTextWithExtra(torch.nn.Module):
    """As `ClipText`, with rows for token ids from the vocabulary's size on: textual inversion.

    :param greatest: one more output at the end, the projected vector at the greatest token id. The original Kandinsky
        pools there, whatever the configuration says: at the end token, or at a learned word, whose id is greater.
    """

    def __init__(self, plain: ClipText, greatest: bool) -> None:
        super().__init__()
        self.plain = plain
        self.greatest = greatest
        self.rows = ExtraRows(plain.inner.embeddings, "token_embedding")

    def forward(self, input_ids: torch.Tensor, extra_embeddings: torch.Tensor) -> tuple[torch.Tensor, ...]:
        with self.rows.given(extra_embeddings):
            outputs = self.plain(input_ids)
        if not self.greatest:
            return outputs
        states, at = outputs[0], input_ids.to(torch.int32).argmax(dim=-1)
        pooled = states[torch.arange(states.shape[0], device=states.device), at]
        return (*outputs, self.plain.model.text_projection(pooled))


def clip_text_component(source: Source, name: str, greatest: bool = False) -> Component:
    """input_ids int64 [batch, sequence] -> the outputs of `ClipText`, float32.

    :param greatest: of `ClipTextWithExtra`
    """
    class_name = source.component_class(name)
    if class_name not in _CLASSES:
        raise SourceError(f"{source.folder / name} holds a {class_name}; accepted: {', '.join(_CLASSES)}")
    model = source.load(name, _CLASSES[class_name], dtype_argument="dtype")
    config = model.config
    # Eager attention is plain matrix products: the graph that every provider runs.
    model.set_attn_implementation("eager")
    hidden, layers = config.hidden_size, config.num_hidden_layers
    state = ("batch", "sequence", hidden)
    pooled = (
        TensorSpec("text_embeds", "float32", ("batch", config.projection_dim))
        if class_name == "CLIPTextModelWithProjection"
        else TensorSpec("pooler_output", "float32", ("batch", hidden))
    )
    longest = config.max_position_embeddings
    module = ClipText(model)
    ids = TensorSpec("input_ids", "int64", ("batch", "sequence"))
    outputs = [
        TensorSpec("last_hidden_state", "float32", state),
        pooled,
        *(TensorSpec(f"hidden_states.{i}", "float32", state) for i in range(layers)),
        *(TensorSpec(f"normed_hidden_states.{i}", "float32", state) for i in range(layers)),
    ]
    full = config_of(model, source.read_json(name, "config.json"))
    companion = Component(
        name=name,
        file="model_embeddings",
        module=ClipTextWithExtra(module, greatest),
        inputs=[ids, TensorSpec("extra_embeddings", "float32", ("extra", hidden))],
        outputs=[*outputs, TensorSpec("text_embeds_at_greatest_id", "float32", pooled.dims)] if greatest else outputs,
        sizes=[
            {"batch": 2, "sequence": longest, "extra": 3},
            {"batch": 1, "sequence": longest // 2, "extra": 2},
            {"batch": 3, "sequence": longest, "extra": 1},
        ],
        config=full,
        edit=lambda graph: add_extra_rows(graph, (config.vocab_size, hidden), greatest),
        # Ids of every kind of row that is there at all sizes: the vocabulary's, and the first extra one.
        draw={"input_ids": lambda shape, g: torch.randint(0, config.vocab_size + 1, shape, generator=g)},
    )
    return Component(
        name=name,
        module=module,
        inputs=[ids],
        outputs=outputs,
        sizes=[{"batch": 2, "sequence": longest}, {"batch": 3, "sequence": longest // 2}, {"batch": 1, "sequence": longest}],
        config=full,
        draw={"input_ids": lambda shape, g: torch.randint(0, config.vocab_size, shape, generator=g)},
        companion=companion,
    )
