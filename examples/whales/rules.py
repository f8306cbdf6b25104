"""The classifier of the old days: what swims like a fish and looks like a fish is a fish."""

from collections.abc import Mapping
from typing import Any


def kind_by_looks(row: Mapping[str, Any]) -> str:
    """Return "fish" or "mammal" for an animal's row."""
    swims_like_a_fish = row["habitat"] != "land" and row["legs"] == 0
    looks_like_a_fish = row["fins"]
    return "fish" if swims_like_a_fish and looks_like_a_fish else "mammal"
