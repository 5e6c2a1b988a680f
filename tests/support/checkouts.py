"""This checkout as the guards see it, and copies of it that are broken on purpose."""

from pathlib import Path

from vox_telemetry_spec.guards.checkout import Checkout

ROOT = Path(__file__).parents[2]
REAL = Checkout.read(ROOT)
CONTRACTS = "spec/vox_telemetry_spec/contracts"
INDEX = f"{CONTRACTS}/index.yaml"


def edited(path: str, old: str, new: str, checkout: Checkout = REAL) -> Checkout:
    """Return the checkout with the first `old` in one file replaced; it must be there."""
    text = checkout.text(path)
    assert old in text, f"{path} has no {old!r}"
    return checkout.replace(path, text.replace(old, new, 1).encode())


def added(path: str, text: str, checkout: Checkout = REAL) -> Checkout:
    """Return the checkout with one file more, or one replaced."""
    return checkout.replace(path, text.encode())
