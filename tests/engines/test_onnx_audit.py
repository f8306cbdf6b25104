"""What is no graph of ours is refused before onnxruntime sees it."""

import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, helper

from spyhop.engines import onnx_audit
from spyhop.engines.onnx_audit import MOST_DEPTH, MOST_NODES, audit_graph
from spyhop.errors import ArtifactError


@pytest.fixture(params=[0, onnx_audit.SMALL_BYTES], ids=["as large", "as small"], scope="module")
def _sizes(request):
    """Everything once as a graph that is worth the expressions, and once as one that is not."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(onnx_audit, "SMALL_BYTES", request.param)
        yield


pytestmark = pytest.mark.usefixtures("_sizes")


def tensor(external=True, location=True):
    """Return a tensor whose data lie in a file of somebody else."""
    made = helper.make_tensor("secret", TensorProto.FLOAT, [1], [1.0])
    if external:
        made.external_data.add(key="location", value="../../etc/passwd")
    if location:
        made.data_location = TensorProto.EXTERNAL
    return made


def sparse(**which):
    indices = helper.make_tensor("", TensorProto.INT64, [1], [0])
    made = onnx.SparseTensorProto(dims=[1])
    made.values.CopyFrom(which.get("values", helper.make_tensor("", TensorProto.FLOAT, [1], [1])))
    made.indices.CopyFrom(which.get("indices", indices))
    return made


def model(*nodes, **parts):
    made = helper.make_model(GraphProto(name="graph", node=nodes))
    for name, values in parts.items():
        getattr(made.graph, name).extend(values)
    return made


def node(*attributes, domain=""):
    return NodeProto(op_type="Any", input=["a"], output=["b"], domain=domain, attribute=attributes)


def attribute(**value):
    return AttributeProto(name="value", **value)


def in_training(part):
    made = model()
    made.training_info.add().algorithm.CopyFrom(GraphProto(initializer=[tensor()]))
    made.training_info[0].initialization.CopyFrom(GraphProto(node=[part]))
    return made


def in_function(**parts):
    made = model()
    made.functions.add(name="f", domain="", **parts)
    return made


EXTERNAL = {
    "an initializer": model(initializer=[tensor()]),
    "an initializer that names a file only": model(initializer=[tensor(location=False)]),
    "an initializer that is said to be outside only": model(initializer=[tensor(external=False)]),
    "sparse values": model(sparse_initializer=[sparse(values=tensor())]),
    "sparse indices": model(sparse_initializer=[sparse(indices=tensor())]),
    "an attribute": model(node(attribute(t=tensor()))),
    "one of an attribute's tensors": model(node(attribute(tensors=[tensor()]))),
    "an attribute's sparse tensor": model(node(attribute(sparse_tensor=sparse(values=tensor())))),
    "one of its sparse tensors": model(node(attribute(sparse_tensors=[sparse(indices=tensor())]))),
    "a subgraph": model(node(attribute(g=GraphProto(initializer=[tensor()])))),
    "one of several subgraphs": model(node(attribute(graphs=[GraphProto(initializer=[tensor()])]))),
    "a subgraph's node": model(node(attribute(g=GraphProto(node=[node(attribute(t=tensor()))])))),
    "a function's node": in_function(node=[node(attribute(t=tensor()))]),
    "a function's default": in_function(attribute_proto=[attribute(t=tensor())]),
    "training": in_training(node()),
    "an attribute behind many large numbers": model(
        node(attribute(ints=[7**i for i in range(22)] * 40 + [-1] * 100 + [3] * 500, t=tensor()))
    ),
    "an attribute behind a thousand numbers": model(
        node(attribute(ints=range(1000), floats=[1.5] * 1000, strings=[b"x" * 40], t=tensor()))
    ),
}


@pytest.mark.parametrize("made", EXTERNAL.values(), ids=EXTERNAL)
def test_a_tensor_in_another_file_is_refused_wherever_it_is(made):
    with pytest.raises(ArtifactError, match="keeps a tensor in another file"):
        audit_graph(made.SerializeToString())


STRANGE = {
    "a node": model(node(domain="evil")),
    "a contributed one": model(node(domain="com.microsoft")),
    "a subgraph": model(node(attribute(g=GraphProto(node=[node(domain="evil")])))),
    "a function": in_function(node=[node(domain="evil")]),
}


@pytest.mark.parametrize("made", STRANGE.values(), ids=STRANGE)
def test_an_operator_of_a_strange_domain_is_refused_wherever_it_is(made):
    with pytest.raises(ArtifactError, match="an operator of a strange domain"):
        audit_graph(made.SerializeToString())


def nested(depth):
    graph = GraphProto()
    for _ in range(depth):
        graph = GraphProto(node=[node(attribute(g=graph))])
    return helper.make_model(graph).SerializeToString()


def test_graphs_nest_only_so_deep():
    audit_graph(nested(MOST_DEPTH - 1))

    for depth in (MOST_DEPTH, 20):
        with pytest.raises(ArtifactError, match="nested more than 8 deep"):
            audit_graph(nested(depth))


def test_there_are_only_so_many_nodes():
    full = model(*[NodeProto(op_type="Any")] * MOST_NODES)
    audit_graph(full.SerializeToString())
    full.graph.node.add(op_type="Any")

    with pytest.raises(ArtifactError, match="more than 100000 nodes"):
        audit_graph(full.SerializeToString())


def test_our_own_graphs_are_accepted_from_memory_and_from_a_file(whales, mixed):
    for packed in (whales, mixed):
        audit_graph(packed.bundle.artefact_body)
        audit_graph(packed.folder / "model.onnx")


def test_an_empty_file_is_no_graph(tmp_path):
    (tmp_path / "empty").write_bytes(b"")

    with pytest.raises(ArtifactError, match="is no ONNX graph: it is empty"):
        audit_graph(tmp_path / "empty")


@pytest.mark.parametrize(
    "body",
    [b"\x0a", b"\x3a\x05abc", b"\x80" * 20, b"\x0b", b"\x0c", b"\x38\x01", b"\x09abc", b"\x0dab"],
)
def test_bytes_that_are_no_message_are_refused(body):
    with pytest.raises(ArtifactError, match="is no ONNX graph"):
        audit_graph(body)


def test_a_location_written_in_another_way_is_refused_too():
    for value in (b"\x01", b"\x81\x00", b"\x81\x80\x80\x80\x10", b"\xff" * 9 + b"\x01"):
        tensor_body = b"\x70" + value
        graph = b"\x2a" + bytes([len(tensor_body)]) + tensor_body

        with pytest.raises(ArtifactError, match="keeps a tensor in another file"):
            audit_graph(b"\x3a" + bytes([len(graph)]) + graph)


def test_the_engine_refuses_a_graph_before_onnxruntime_opens_it():
    from spyhop.core.answers import AnswerSpec
    from spyhop.engines.onnx import OnnxEngine

    with pytest.raises(ArtifactError, match="keeps a tensor in another file"):
        OnnxEngine(EXTERNAL["an initializer"].SerializeToString(), (), AnswerSpec("regression"))


MESSAGES = {
    "Model": ModelProto,
    "Training": onnx.TrainingInfoProto,
    "Function": onnx.FunctionProto,
    "Graph": GraphProto,
    "Node": NodeProto,
    "Attribute": AttributeProto,
    "Sparse": onnx.SparseTensorProto,
    "Tensor": TensorProto,
}


@pytest.mark.parametrize("message", MESSAGES)
def test_every_part_that_can_hold_a_tensor_a_node_or_a_graph_is_read(message):
    kinds = {made.DESCRIPTOR.full_name: name for name, made in MESSAGES.items()}
    parts = {
        field.number: kinds[field.message_type.full_name]
        for field in MESSAGES[message].DESCRIPTOR.fields
        if field.message_type is not None and field.message_type.full_name in kinds
    }

    assert onnx_audit._PARTS[message] == parts


TEXTS = helper.make_tensor("t", TensorProto.STRING, [2], [b"a", b"b"])
GOOD = model(
    node(attribute(t=TEXTS, ints=[1, 300])),
    initializer=[helper.make_tensor("i", TensorProto.FLOAT, [2], [1.0, 2.0])],
).SerializeToString()
BAD = [made.SerializeToString() for made in (*EXTERNAL.values(), *STRANGE.values())]


def accepted(body):
    try:
        audit_graph(body)
    except ArtifactError:
        return False
    return True


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=600), st.booleans())
def test_a_tensor_outside_is_found_behind_any_integers(integers, outside):
    tensors = [tensor()] if outside else []
    body = model(node(attribute(ints=integers, tensors=tensors))).SerializeToString()

    assert accepted(body) is not outside


@given(st.binary(max_size=300))
def test_whatever_the_bytes_are_they_are_accepted_or_refused_and_nothing_else(body):
    accepted(body)


@given(st.data())
def test_a_graph_with_changed_bytes_is_accepted_or_refused_and_nothing_else(data):
    body = bytearray(
        data.draw(st.sampled_from([GOOD, *(m.SerializeToString() for m in EXTERNAL.values())]))
    )
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    body = bytes(body[: data.draw(st.integers(0, len(body)))])

    if accepted(body) and (opened := opened_by_onnx(body)) is not None:
        assert not holds_a_tensor_outside(opened)


def opened_by_onnx(body):
    """Return what protobuf itself reads in `body`, or None if it is no model."""
    try:
        return ModelProto.FromString(body)
    except Exception:
        return None


def holds_a_tensor_outside(message):
    """Return whether any tensor in `message`, however deep, says that it lies elsewhere."""
    if isinstance(message, TensorProto) and (message.external_data or message.data_location):
        return True
    values = (value for field, value in message.ListFields() if field.message_type is not None)
    return any(
        holds_a_tensor_outside(part)
        for value in values
        for part in ([value] if hasattr(value, "ListFields") else value)
    )


def test_a_tag_wider_than_protobuf_reads_hides_nothing():
    # domain (field 7) of a node, its tag with a bit that protobuf cuts off
    wide = bytes([0xBA, 0x80, 0x80, 0x80, 0x10]) + b"\x0dcom.microsoft"
    graph = b"\x0a" + bytes([len(wide)]) + wide
    body = b"\x3a" + bytes([len(graph)]) + graph

    with pytest.raises(ArtifactError, match="has no number"):
        audit_graph(body)
