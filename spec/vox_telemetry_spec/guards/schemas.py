"""The guards' door to JSON Schema: whether this is a schema, and that document obeys it."""

from typing import Any

import jsonschema_rs
import msgspec

from vox_telemetry_spec.guards.errors import GuardError

# Those of the contracts, ours and the original's. Any other would be fetched from the network.
_META_SCHEMAS = frozenset(
    {
        "https://json-schema.org/draft/2020-12/schema",
        "http://json-schema.org/draft-07/schema#",
    }
)


def json_of(raw: bytes, path: str) -> Any:  # noqa: ANN401 -- any JSON; each guard looks for itself
    """Return the value of a JSON file.

    Raises:
        GuardError: no JSON.

    """
    try:
        return msgspec.json.decode(raw)
    except msgspec.DecodeError as exc:
        raise GuardError(f"{path} is no valid JSON: {exc}") from exc


def meta_schema_error(schema: Any) -> str | None:  # noqa: ANN401 -- what is no schema is found here
    """Return the place where a document breaks the meta-schema it names, or None."""
    if not isinstance(schema, dict) or schema.get("$schema") not in _META_SCHEMAS:
        return f"$schema is none of {', '.join(sorted(_META_SCHEMAS))}"
    try:
        jsonschema_rs.meta.validate(schema)
        jsonschema_rs.validator_for(schema, offline=True)
    except jsonschema_rs.ValidationError as exc:
        return str(exc).splitlines()[0]
    return None


def schema_error(schema: Any, document: object) -> str | None:  # noqa: ANN401 -- as above
    """Return the first place where a document breaks a schema that is one, or None."""
    error = next(jsonschema_rs.validator_for(schema, offline=True).iter_errors(document), None)
    if error is None:
        return None
    place = "/".join(str(step) for step in error.instance_path)
    return f"at /{place}: {error.message.splitlines()[0]}"
