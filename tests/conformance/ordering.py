"""Whether a compiled step leaves the order of reads and writes of a variable to chance."""

from __future__ import annotations

import tensorflow as tf
from tensorflow.core.protobuf import config_pb2, meta_graph_pb2
from tensorflow.python.grappler import tf_optimizer

WRITES = {"AssignVariableOp", "AssignSubVariableOp", "AssignAddVariableOp", "ResourceApplyAdam"}
PASSES_ON = {"Switch", "Identity"}


def optimized_graph(function) -> tf.compat.v1.GraphDef:
    """The graph of a concrete function after TensorFlow's graph optimizers (Grappler)."""
    graph = function.graph
    meta = tf.compat.v1.train.export_meta_graph(
        graph_def=graph.as_graph_def(add_shapes=True), graph=graph
    )
    fetches = meta_graph_pb2.CollectionDef()
    fetches.node_list.value.extend(t.op.name for t in graph.outputs)
    fetches.node_list.value.extend(op.name for op in graph.control_outputs)
    meta.collection_def["train_op"].CopyFrom(fetches)
    config = config_pb2.ConfigProto()
    config.graph_options.rewrite_options.min_graph_nodes = -1
    return tf_optimizer.OptimizeGraph(config, meta)


def races(graph) -> list[tuple[str, str]]:
    """Pairs (write, other access) of one variable with no path between them."""
    nodes = {node.name: node for node in graph.node}

    def sources(name):
        return [i.lstrip("^").split(":")[0] for i in nodes[name].input]

    def ancestors(name):
        seen, left = set(), [name]
        while left:
            for source in sources(left.pop()):
                if source not in seen:
                    seen.add(source)
                    left.append(source)
        return seen

    accesses = {}
    for node in graph.node:
        if node.op in WRITES | {"ReadVariableOp"}:
            for handle in sources(node.name)[: 3 if node.op == "ResourceApplyAdam" else 1]:
                while nodes[handle].op in PASSES_ON:
                    handle = sources(handle)[0]
                accesses.setdefault(handle, []).append(node)
    before = {n.name: ancestors(n.name) for group in accesses.values() for n in group}
    return [
        (write.name, other.name)
        for group in accesses.values()
        for write in group
        for other in group
        if write.op in WRITES
        and other is not write
        and write.name not in before[other.name]
        and other.name not in before[write.name]
    ]
