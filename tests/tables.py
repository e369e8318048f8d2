"""Tables whose texts are cleaned."""

import datetime
import decimal
from pathlib import Path

import pyarrow as pa
from conftest import PLAIN, TAILED
from pyarrow import parquet

ROWS = 7
TEXTS = [TAILED, PLAIN, None, "", TAILED, "短。", TAILED]


def table(text: pa.DataType | None = None) -> pa.Table:
    """Columns of many types around the text, with nulls in all of them."""
    when = datetime.datetime(2024, 5, 6, 7, 8, 9, 123456)
    nested = [{"a": [1, None], "b": {"c": "x"}}, None, {"a": None, "b": None}, {"a": [], "b": {"c": None}}] * 2
    columns = {
        "id": pa.array([f"r{n}" for n in range(ROWS)]),
        "label": pa.array(["甲", "乙", None, "甲", "乙", "甲", None]).dictionary_encode(),
        "nested": pa.array(nested[:ROWS]),
        "text": _text(text or pa.string()),
        "tags": pa.array([["a", None], [], None, ["b"], ["c"], [], ["d"]]),
        "number": pa.array([1, None, 3, 4, 5, 6, 7], pa.uint32()),
        "share": pa.array([0.5, float("nan"), None, 1.0, 2.0, float("inf"), -0.0]),
        "when": pa.array([when, None] * 3 + [when], pa.timestamp("us", "Asia/Shanghai")),
        "cost": pa.array([decimal.Decimal("1.20"), None] * 3 + [decimal.Decimal("9.99")], pa.decimal128(9, 2)),
        "raw": pa.array([b"\xff\x00", None] * 3 + [b""]),
        "pairs": pa.array([[("k", 1)], None, [], [("z", None)]] * 1 + [None] * 3, pa.map_(pa.string(), pa.int64())),
    }
    fields = [pa.field(name, array.type, metadata={"said": name}) for name, array in columns.items()]
    return pa.table(list(columns.values()), schema=pa.schema(fields, {"owner": "we", "huggingface": '{"info": 1}'}))


def _text(type_: pa.DataType) -> pa.Array:
    if not pa.types.is_dictionary(type_):
        return pa.array(TEXTS, type_)
    coded = pa.array(TEXTS, type_.value_type).dictionary_encode()
    return pa.DictionaryArray.from_arrays(coded.indices.cast(type_.index_type), coded.dictionary, ordered=type_.ordered)


def written(path: Path, found: pa.Table | None = None, rows: int = 3, **how: object) -> bytes:
    """The bytes of a file with row groups of so many rows."""
    parquet.write_table(table() if found is None else found, path, row_group_size=rows, **how)
    return path.read_bytes()
