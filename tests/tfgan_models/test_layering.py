"""Who may import whom, read from the source, and how long the thin base may be."""

import ast
import io
import pathlib
import re
import sys
import tokenize

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGES = ("tfgan_models", "trainers", "export")
CORE_LINES = 250
# The one call by name: a model's `export` method hands itself to the exporter when it is called.
ALLOWED_CALLS = {("tfgan_models/core/saving.py", "export")}

# Third parties of the models and maths, besides the standard library.
MODELS_MAY_IMPORT = {"keras", "tensorflow", "numpy", "tfgan_models"}
# Part of tfgan_models -> parts it may import ("" is the package itself).
LAYERS = {
    "families": {
        "core",
        "losses",
        "penalties",
        "layers",
        "augment",
        "networks",
        "presets",
        "families",
    },
    "networks": {"core", "layers", "networks"},
    "core": {"core", "losses", "penalties", "layers", "augment", "updates", "registry"},
    "losses": {"losses", "core", "registry"},
    "penalties": {"penalties", "losses", "layers", "augment", "core", "registry"},
    "layers": {"layers", "core"},
    "updates": {"updates", "core", "registry"},
    "analysis": {"analysis", "losses", "penalties", "core", "registry"},
    "augment": {"augment", "core", "registry"},
    "features": {"features", "registry"},
    "metrics": {"metrics", "registry"},
    "presets": {"presets", "registry", "families", "core"},
    "registry": {"registry"},
}
WHY = {
    "models": "tfgan_models imports keras, tensorflow and numpy only: move what needs it to "
    "trainers/ or export/, or pass its result in as an argument",
    "light": "registry/ and presets/ serve --help and lists: import it inside the function "
    "that needs it",
    "export": "export never imports trainers: move what both need to tfgan_models, or let "
    "trainers call export with it",
    "layer": "{0}/ may import only {1}: move the shared piece into one of these or into core/",
}


def sources(*parts):
    paths = sorted(ROOT.joinpath(*parts).rglob("*.py"))
    assert paths
    return paths


def relative(path):
    return path.relative_to(ROOT).as_posix()


def is_type_checking(node):
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def walk(tree, functions=True):
    """All nodes but those that never run (TYPE_CHECKING) and, on demand, function bodies."""
    stack = [tree]
    while stack:
        node = stack.pop()
        yield node
        if is_type_checking(node):
            stack += node.orelse
        elif functions or not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            stack += ast.iter_child_nodes(node)


def package_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[:-1]


def called_name(node):
    """The module of `importlib.import_module("...")` or `__import__("...")` with a literal."""
    if not isinstance(node, ast.Call) or not node.args:
        return None
    name, argument = ast.unparse(node.func), node.args[0]
    if name.split(".")[-1] not in ("import_module", "__import__"):
        return None
    return argument.value if isinstance(argument, ast.Constant) else None


def imported(node, package):
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        above = package[: len(package) - node.level + 1] if node.level else ()
        base = ".".join([*above, *([node.module] if node.module else [])])
        return [f"{base}.{alias.name}" for alias in node.names]
    name = called_name(node)
    return [name] if name else []


def imports(path, functions=True):
    """[(line, dotted name)] of everything that a file imports."""
    found = []
    for node in walk(ast.parse(path.read_text(encoding="utf-8")), functions):
        for name in imported(node, package_of(path)):
            if (relative(path), name) not in ALLOWED_CALLS or not isinstance(node, ast.Call):
                found.append((node.lineno, name))
    return found


def top(name):
    return name.partition(".")[0]


def part(name):
    """ "losses" of tfgan_models.losses.adversarial.Loss; "" of anything else's."""
    pieces = name.split(".")
    return pieces[1] if pieces[0] == "tfgan_models" and len(pieces) > 1 else ""


def report(violations, why):
    return "\n".join(f"{where}: imports {name}. {why}." for where, name in violations)


def test_the_models_import_keras_tensorflow_and_numpy_only():
    bad = [
        (f"{relative(path)}:{line}", name)
        for path in sources("tfgan_models")
        for line, name in imports(path)
        if top(name) not in MODELS_MAY_IMPORT | set(sys.stdlib_module_names)
    ]
    assert not bad, report(bad, WHY["models"])


def test_the_one_call_by_name_is_still_there():
    """Otherwise the exception above is stale: delete it."""
    for file, name in ALLOWED_CALLS:
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        assert name in [called_name(node) for node in ast.walk(tree)]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_relative_name_is_read(package):
    """No import of the package's own modules escapes the reader of imports."""
    names = {top(name) for path in sources(package) for _, name in imports(path)}
    assert "tfgan_models" in names and "" not in names


@pytest.mark.parametrize("where", [("tfgan_models", "registry"), ("tfgan_models", "presets")])
def test_lists_and_presets_load_neither_tensorflow_nor_keras(where):
    path = ROOT.joinpath(*where)
    files = [path] if path.suffix else sources(*where)
    allowed = set(sys.stdlib_module_names) | {"tfgan_models.registry", "tfgan_models.presets"}
    bad = [
        (f"{relative(file)}:{line}", name)
        for file in files
        for line, name in imports(file, functions=False)
        if top(name) not in allowed and ".".join(name.split(".")[:2]) not in allowed
    ]
    assert not bad, report(bad, WHY["light"])


def test_export_never_imports_trainers():
    bad = [
        (f"{relative(path)}:{line}", name)
        for path in sources("export")
        for line, name in imports(path)
        if top(name) == "trainers"
    ]
    assert not bad, report(bad, WHY["export"])


@pytest.mark.parametrize("layer", LAYERS)
def test_layers_import_downwards_only(layer):
    allowed = LAYERS[layer]
    bad = [
        (f"{relative(path)}:{line}", name)
        for path in sources("tfgan_models", layer)
        for line, name in imports(path)
        if top(name) == "tfgan_models" and part(name) not in allowed
    ]
    assert not bad, report(bad, WHY["layer"].format(layer, ", ".join(sorted(allowed))))


def test_every_folder_of_the_models_has_a_layer():
    folders = {p.name for p in (ROOT / "tfgan_models").iterdir() if (p / "__init__.py").exists()}
    new = folders - set(LAYERS)
    assert not new, f"{sorted(new)}: say in LAYERS of {pathlib.Path(__file__).name} what it imports"


def without_docstrings(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            body[0] = ast.Pass()
    return tree


def test_nothing_resizes_without_a_second_gradient():
    """Bilinear resizes lose their second gradient silently, which R1 and path length need.

    `UpSampling2D` without `interpolation` repeats pixels and has it: test_networks_resnet.
    """
    words = (
        r"image\.resize",
        r"UpSampling2D\([^()]*interpolation",
        r"layers\.Resizing",
        "crop_and_resize",
    )
    bad = [
        f"{relative(path)}: {word}"
        for path in sources("tfgan_models")
        for word in words
        if re.search(word, ast.unparse(without_docstrings(path)))
    ]
    assert not bad, f"{bad}: use layers.BlurUpsampling2D, tf.repeat or pooling"


def docstring_lines(tree):
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    lines = set()
    for node in ast.walk(tree):
        if isinstance(node, kinds) and ast.get_docstring(node, clean=False) is not None:
            lines |= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return lines


def code_lines(source):
    """Lines that hold code: not blank, not a comment, not in a docstring."""
    silent = {
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
    }
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in silent:
            lines |= set(range(token.start[0], token.end[0] + 1))
    return len(lines - docstring_lines(ast.parse(source)))


def test_code_lines_are_counted_right():
    source = (
        '"""One.\n\nTwo.\n"""\n\nimport os  # why\n\n# note\ndef f():\n    "Doc."\n    return (\n'
    )
    source += '        os,\n        """a\n\nb""",\n    )\n'
    assert code_lines(source) == 8


@pytest.mark.parametrize("path", sources("tfgan_models", "core"), ids=relative)
def test_the_base_stays_thin(path):
    count = code_lines(path.read_text(encoding="utf-8"))
    assert count <= CORE_LINES, (
        f"{relative(path)} has {count} lines of code, {CORE_LINES} at most: move what is not "
        "mechanics of every family to a family, or a closed piece to its own file in core/."
    )
