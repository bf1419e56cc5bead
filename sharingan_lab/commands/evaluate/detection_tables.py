"""What sharingan evaluate detection measured, as tables on the terminal."""

import math
from collections.abc import Mapping, Sequence

from sharingan_lab.commands.outputs import print_table

Row = Mapping[str, object]
_HEADS = {
    "over_unsharp": "- unsharp", "f1": "F1", "ap50": "AP50", "psnr": "PSNR [dB]", "ssim": "SSIM"
}  # fmt: skip
_TABLES = {
    "All classes": "precision recall f1 f1_low f1_high ap50 psnr ssim",
    "What restoring gives back": "won_back won_back_low won_back_high "
    "over_unsharp over_unsharp_low over_unsharp_high",
    "Recall by size": "recall_small recall_medium recall_large",
}


def print_rows(rows: Sequence[Row]) -> None:
    """Tables of all classes, of sizes, of mistakes and of each class."""
    whole = [row for row in rows if row["class"] == "all"]
    for title, columns in _TABLES.items():
        _print(title, whole, columns.split())
    missing = [key for key in whole[0] if key.startswith("missing: ")]
    _print("What is missing to an F1 of 1, by reason", whole, missing)
    edges = whole[0]
    print(f"small: below {edges['small_below']:.0f} px; large: above {edges['large_above']:.0f} px")
    single = [row for row in rows if row["class"] != "all"]
    _print("Each class", single, ["precision", "recall", "f1", "ap50"])


def _print(title: str, rows: Sequence[Row], columns: Sequence[str]) -> None:
    rows = [row for row in rows if any(key in row for key in columns)]
    shown = [key for key in columns if any(key in row for row in rows)]
    if shown:
        print(f"\n{title}")
        body = [(_name(row), *(row.get(key, math.nan) for key in shown)) for row in rows]
        print_table(("pictures", *map(_head, shown)), body)


def _name(row: Row) -> str:
    damage = "all blurs" if row["damage"] == "all" else row["damage"]
    kind = "" if row["class"] == "all" else row["class"]
    return ", ".join(filter(None, (damage, row["method"], kind)))


def _head(key: str) -> str:
    """A column's head: that of an interval is its end, behind the value that it belongs to."""
    if key.endswith(("_low", "_high")):
        return key.rpartition("_")[2]
    word = key.removeprefix("recall_").removeprefix("missing: ").replace("_", " ")
    return _HEADS.get(key, word)
