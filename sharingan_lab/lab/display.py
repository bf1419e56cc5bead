"""The one way a lesson puts something on the page: a bundle of formats for one output."""

from IPython.display import display

METADATA_KEY = "sharingan"  # below it lie facts for the report
POSITIONS = "application/vnd.sharingan.positions+json"  # pictures for a page's sliders to turn
FOR_A_PAGE = "SHARINGAN_FOR_A_PAGE"  # set in the environment of a kernel that a report started


class Bundle:
    """One output in several formats, MIME type to content; a plain terminal prints ``text/plain``.

    The metadata are facts that are not shown, such as ``{"image/png": {"alt": ...}}``.
    """

    def __init__(self, data: dict[str, str], metadata: dict | None = None):
        self.data, self.metadata = data, metadata or {}

    def __repr__(self) -> str:
        return self.data["text/plain"]

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict, dict]:
        return self.data, self.metadata


def emit(data: dict[str, str], metadata: dict | None = None) -> None:
    """Display one bundle."""
    display(Bundle(data, metadata))
