"""The second graph of a text encoder: the first one, whose token table goes on with rows given to each run."""

import onnx_ir as ir

from .errors import ExportError

_STORED = ("Cast", "DequantizeLinear")


def add_extra_rows(model: ir.Model, table: tuple[int, int], greatest: bool) -> None:
    """Edits a text encoder's graph in place: `families.extra_rows.ExtraRows` as nodes, in the place of the look-up of
    tokens. It is edited, not traced, for a trace of the same network takes as long as the first.

    :param table: rows and width of the token table
    :param greatest: one more output, text_embeds_at_greatest_id [batch, projected]: the projected state at each
        sequence's greatest token id
    :raises ExportError: the graph has no such table, or several
    """
    graph = model.graph
    lookups = [node for node in graph if node.op_type == "Gather" and _stored_shape(node.inputs[0]) == table]
    if len(lookups) != 1:
        raise ExportError(f"the text encoder's graph has {len(lookups)} look-ups in a table of {list(table)}; expected one")
    lookup = lookups[0]
    rows = ir.Value(name="extra_embeddings", shape=ir.Shape(["extra", table[1]]), type=ir.TensorType(ir.DataType.FLOAT))
    graph.inputs.append(rows)
    ids, known = lookup.inputs[1], lookup.outputs[0]
    size, last, zero = (_constant(graph, name, value) for name, value in (("rows", table[0]), ("last_row", table[0] - 1), ("first_row", 0)))
    axis = _constant(graph, "last_axis", [-1])
    known_ids = ir.node("Min", [ids, last])
    beyond = ir.node("Sub", [ids, size])
    extra_ids = ir.node("Max", [beyond.outputs[0], zero])
    extra = ir.node("Gather", [rows, extra_ids.outputs[0]], attributes={"axis": 0})
    is_extra = ir.node("GreaterOrEqual", [ids, size])
    choice = ir.node("Unsqueeze", [is_extra.outputs[0], axis])
    chosen = ir.Value(name="tokens_with_extra")
    known.replace_all_uses_with(chosen)
    where = ir.node("Where", [choice.outputs[0], extra.outputs[0], known], outputs=[chosen])
    lookup.replace_input_with(1, known_ids.outputs[0])
    graph.insert_before(lookup, known_ids)
    graph.insert_after(lookup, [beyond, extra_ids, extra, is_extra, choice, where])
    if greatest:
        _pool_at_greatest(graph)


def _pool_at_greatest(graph: ir.Graph) -> None:
    outputs = {value.name: value for value in graph.outputs}
    states, pooled = outputs["last_hidden_state"], outputs["text_embeds"]
    projection = pooled.producer()
    if projection is None or projection.op_type not in ("MatMul", "Gemm"):
        raise ExportError("the text encoder's graph does not end in a projection of the pooled state")
    # In 32 bits, as the original compares ids.
    narrow = ir.node("Cast", [graph.inputs[0]], attributes={"to": ir.DataType.INT32.value})
    at = ir.node("ArgMax", [narrow.outputs[0]], attributes={"axis": -1, "keepdims": 1})
    state = ir.node("GatherND", [states, at.outputs[0]], attributes={"batch_dims": 1})
    result = ir.Value(name="text_embeds_at_greatest_id", shape=pooled.shape, type=pooled.type)
    again = ir.node(
        projection.op_type, [state.outputs[0], *projection.inputs[1:]], attributes=dict(projection.attributes), outputs=[result]
    )
    graph.extend([narrow, at, state, again])
    graph.outputs.append(result)


def _stored_shape(value: ir.Value | None) -> tuple[int, ...] | None:
    """Of an initialiser, or of one that a smaller type holds."""
    if value is not None and (producer := value.producer()) is not None and producer.op_type in _STORED:
        value = producer.inputs[0]
    if value is None or value.const_value is None or not value.is_initializer():
        return None
    return tuple(int(side) for side in value.const_value.shape)


def _constant(graph: ir.Graph, name: str, number: int | list[int]) -> ir.Value:
    tensor = ir.tensor(number, dtype=ir.DataType.INT64, name=f"extra_rows.{name}")
    value = ir.Value(name=tensor.name, shape=tensor.shape, type=ir.TensorType(ir.DataType.INT64), const_value=tensor)
    graph.register_initializer(value)
    return value
