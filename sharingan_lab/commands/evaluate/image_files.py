"""What sharingan evaluate images measured, as CSV and as JSON."""

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence

Scores = Mapping[str, Mapping[str, float]]  # of each file, by the measure


def as_csv(scores: Scores) -> str:
    """A row a picture; the last column says, in each row, how the others are defined."""
    from sharingan_lab.evaluation import DEFINITIONS

    text, columns = io.StringIO(), list(next(iter(scores.values())))
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["file", *columns, "definitions"])
    words = ". ".join(f"{name}: {line}" for name, line in DEFINITIONS.items())
    for name, score in scores.items():
        rows.writerow([name, *(score[key] for key in columns), words])
    return text.getvalue()


def as_json(scores: Scores, means: Mapping, failed: Sequence[str]) -> str:
    """Definitions, means with intervals, then each picture; null is the PSNR of identical ones."""
    from sharingan_lab.evaluation import DEFINITIONS, INTERVAL

    content = {
        "definitions": {**DEFINITIONS, "interval": INTERVAL},
        "pictures": len(scores),
        "failed": list(failed),
        "means": {key: _finite(mean._asdict()) for key, mean in means.items()},
        "files": [
            {"file": name, "identical": score["psnr"] == math.inf} | _finite(score)
            for name, score in scores.items()
        ],
    }
    return json.dumps(content, indent=1, allow_nan=False, ensure_ascii=True) + "\n"


def _finite(values: Mapping[str, float]) -> dict[str, float | None]:
    return {key: value if math.isfinite(value) else None for key, value in values.items()}
