from vox_telemetry_sink.columns import Column, Kind, columns_of

CONTRACT = {
    "properties": {
        "metadata": {
            "properties": {
                "name": {"$ref": "#/$defs/token"},
                "trace": {"type": ["string", "null"]},
                "count": {"type": "integer", "minimum": 0},
                "retries": {"type": ["integer", "null"]},
                "cost": {"type": "number"},
                "retried": {"type": "boolean"},
                "unit": {"enum": ["seconds", "ratio"]},
                "context": {"enum": ["ci", "local", None]},
                "version": {"const": 1},
                "mixed": {"enum": ["a", 1]},
                "details": {"$ref": "#/$defs/measures"},
                "tags": {"type": ["array", "null"]},
                "either": {"type": ["string", "integer"]},
            }
        }
    },
    "$defs": {"token": {"$ref": "#/$defs/text"}, "text": {"type": "string"}, "measures": {}},
}


def test_the_members_of_a_contract_become_typed_columns() -> None:
    assert columns_of(CONTRACT) == [
        Column("name", Kind.TEXT, is_category=False),
        Column("trace", Kind.TEXT, is_category=False),
        Column("count", Kind.INTEGER, is_category=False),
        Column("retries", Kind.INTEGER, is_category=False),
        Column("cost", Kind.NUMBER, is_category=False),
        Column("retried", Kind.BOOLEAN, is_category=True),
        Column("unit", Kind.TEXT, is_category=True),
        Column("context", Kind.TEXT, is_category=True),
        Column("version", Kind.INTEGER, is_category=False),
        Column("mixed", Kind.JSON, is_category=True),
        Column("details", Kind.JSON, is_category=False),
        Column("tags", Kind.JSON, is_category=False),
        Column("either", Kind.JSON, is_category=False),
    ]


def test_a_value_is_what_its_column_holds() -> None:
    count = Column("count", Kind.INTEGER, is_category=False)
    assert [count.value(metadata) for metadata in ({"count": 1.0}, {"count": 2}, {})] == [
        1,
        2,
        None,
    ]
    assert isinstance(count.value({"count": 1.0}), int)
    assert Column("cost", Kind.NUMBER, is_category=False).value({"cost": 1.5}) == 1.5
