"""YAML as the contract files are written: plain data, and no name given twice in one mapping.

YAML 1.2.2 section 3.2.1.3 wants unique keys, but PyYAML lets the last one win; in a policy that
would hide a rule that an operator can read in the file.
"""

from collections.abc import Hashable

import yaml

# The C loader reads the same language some ten times faster, where libyaml was built in.
_SafeLoader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _UniqueKeyLoader(_SafeLoader):
    """A safe loader that refuses a repeated key."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:  # noqa: E501, FBT001, FBT002 - PyYAML's signature
        """Return the mapping of `node`.

        Raises:
            yaml.YAMLError: a key stands there twice.

        """
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, "got a key twice, expected it once", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def load_yaml(raw: bytes) -> object:
    """Return the plain data of one YAML document.

    Raises:
        yaml.YAMLError: not YAML, more than plain data, or a key given twice.

    """
    return yaml.load(raw, _UniqueKeyLoader)  # noqa: S506 - a safe loader, by inheritance
