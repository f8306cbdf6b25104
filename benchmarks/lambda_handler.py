"""spyhop's Lambda handler beside the plain way: `make bench`.

Exits 0 however fast or slow they are, and 1 if they give different answers.
"""

import tempfile
from pathlib import Path

from rich.console import Console

from benchmarks.answers import worst_difference
from benchmarks.measure import Measured, measured
from benchmarks.models import fitted_models
from benchmarks.show import show_machine, show_model, show_targets
from benchmarks.sides import prepare


def main() -> None:
    """Measure every model and print what was found."""
    show_machine()
    found: dict[str, Measured] = {}
    with tempfile.TemporaryDirectory() as folder:
        for model in fitted_models():
            with Console(stderr=True).status(f"{model.name}: packing and proving …") as status:
                sides = prepare(model, Path(folder) / model.name)
                difference = worst_difference(sides)
                status.update(f"{model.name}: measuring …")
                found[model.name] = measured(sides)
            show_model(model, sides.bundle, difference, found[model.name])
    show_targets(found)


if __name__ == "__main__":
    main()
