"""YAML as the contract files are written: plain data, and no key given twice in one mapping.

YAML 1.2.2 section 3.2.1.3 wants unique keys, but PyYAML lets the last one win; in a policy that
would hide a rule that an operator can read in the file.
"""

import yaml

# The C loader reads the same language some ten times faster, where libyaml was built in.
_SAFE_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_yaml(raw: bytes) -> object:
    """Return the plain data of one YAML document; None for an empty one.

    Raises:
        yaml.YAMLError: not YAML, more than plain data, an alias, or a key given twice.

    """
    loader = _SAFE_LOADER(raw)
    try:
        root = loader.get_single_node()
        if root is None:
            return None
        _refuse_twins(root, set())
        data: object = loader.construct_document(root)
    finally:
        loader.dispose()
    return data


def _refuse_twins(node: yaml.Node, seen: set[int]) -> None:
    if id(node) in seen:  # aliases could nest without end, and no contract file needs one
        raise yaml.YAMLError(f"line {node.start_mark.line + 1}: got an alias, expected none")
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        keys = {(key.tag, str(key.value)) for key, _ in node.value}
        if len(keys) != len(node.value):
            raise yaml.YAMLError(
                f"the mapping at line {node.start_mark.line + 1} has a key twice, expected it once"
            )
        for _, value in node.value:
            _refuse_twins(value, seen)
    elif isinstance(node, yaml.SequenceNode):
        for member in node.value:
            _refuse_twins(member, seen)
