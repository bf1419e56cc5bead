"""What sharingan evaluate detection measured: tables on the terminal, CSV and JSON."""

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence

from sharingan_lab.commands.tables import print_table

_HEADS = {
    "over_unsharp": "- unsharp",
    "f1": "F1",
    "ap50": "AP50",
    "psnr": "PSNR [dB]",
    "ssim": "SSIM",
}
Row = Mapping[str, object]
_TABLES = {
    "All classes": (
        *("precision", "recall", "f1", "f1_low", "f1_high"),
        *("ap50", "psnr", "ssim"),
    ),
    "What restoring gives back": (
        *("won_back", "won_back_low", "won_back_high"),
        *("over_unsharp", "over_unsharp_low", "over_unsharp_high"),
    ),
    "Recall by size": ("recall_small", "recall_medium", "recall_large"),
}


def print_rows(rows: Sequence[Row], about: Mapping[str, str]) -> None:
    """Definitions, then a table of all classes, of sizes, of mistakes and of each class."""
    for name, words in about.items():
        print(f"{name}: {words}")
    whole = [row for row in rows if row["class"] == "all"]
    for title, columns in _TABLES.items():
        _print(title, whole, columns)
    reasons = [row["mistakes"] | {"name": _name(row)} for row in whole if "mistakes" in row]
    if reasons:
        _print("What is missing to an F1 of 1, by reason", reasons, list(reasons[0])[:-1])
    edges = whole[0]
    print(f"small: below {edges['small_below']:.0f} px; large: above {edges['large_above']:.0f} px")
    _print(
        "Each class",
        [row for row in rows if row["class"] != "all"],
        ("precision", "recall", "f1", "ap50"),
    )


def as_csv(rows: Sequence[Row], about: Mapping[str, str]) -> str:
    """A row a version and class; the last column says how the others are defined."""
    text, flat = io.StringIO(), [_flat(row) for row in rows]
    columns = list(dict.fromkeys(key for row in flat for key in row))
    words = ". ".join(f"{name}: {line}" for name, line in about.items())
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*columns, "definitions"])
    for row in flat:
        writer.writerow([*(row.get(key, "") for key in columns), words])
    return text.getvalue()


def as_json(rows: Sequence[Row], about: Mapping[str, str]) -> str:
    """Definitions, then the rows; null is what is infinite or not defined."""
    content = {"definitions": dict(about), "rows": [_finite(row) for row in rows]}
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def _print(title: str, rows: Sequence[Row], columns: Sequence[str]) -> None:
    rows = [row for row in rows if any(key in row for key in columns)]
    shown = [key for key in columns if any(key in row for row in rows)]
    if shown:
        print(f"\n{title}")
        heads = [_head(key) for key in shown]
        body = [(_name(row), *(row.get(key, math.nan) for key in shown)) for row in rows]
        print_table(("pictures", *heads), body)


def _name(row: Row) -> str:
    if "name" in row:
        return row["name"]
    kind = "" if row["class"] == "all" else f", {row['class']}"
    damage = "all blurs" if row["damage"] == "all" else row["damage"]
    return damage + (f", {row['method']}" if row["method"] else "") + kind


def _head(key: str) -> str:
    """A column's head: that of an interval is its end, behind the value that it belongs to."""
    for end in ("low", "high"):
        if key.endswith(f"_{end}"):
            return end
    words = {
        "over_unsharp": "- unsharp",
        "f1": "F1",
        "ap50": "AP50",
        "psnr": "PSNR [dB]",
        "ssim": "SSIM",
    }
    return words.get(key, key.removeprefix("recall_").replace("_", " "))


def _flat(row: Row) -> Row:
    reasons = row.get("mistakes", {})
    flat = {key: value for key, value in row.items() if key != "mistakes"}
    return flat | {f"missing: {reason}": share for reason, share in reasons.items()}


def _finite(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _finite(one) for key, one in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
