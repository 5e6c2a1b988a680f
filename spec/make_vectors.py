"""Write the contract's test vectors: `python spec/make_vectors.py [FOLDER]`.

Needs the standard library and `cryptography`, and on purpose none of our packages: expected values
come from the wire spec and from code of its own (`vector_cases`), so a bug in our programs cannot
become their own expected value. Everything is fixed, so two runs write the same bytes.
"""

import json
import sys
from pathlib import Path

from vector_cases import (
    batch,
    digest,
    duty,
    enrolment,
    forbidden,
    json_text,
    key,
    receipt,
    receipt_signature,
    signature,
)

HERE = Path(__file__).parent
FOLDER = HERE / "vox_telemetry_spec" / "vectors"
MAKERS = {
    "signature": signature.vectors,
    "digest": digest.vectors,
    "json": json_text.vectors,
    "batch": batch.vectors,
    "receipt": receipt.vectors,
    "duty": duty.vectors,
    "key": key.vectors,
    "forbidden": forbidden.vectors,
    "enrolment": enrolment.vectors,
    "receipt-signature": receipt_signature.vectors,
}


def main(folder: Path) -> None:
    """Write every file into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in MAKERS.items():
        document = json.dumps(make(), indent=1, ensure_ascii=True) + "\n"
        (folder / f"{name}.v1.json").write_text(document, encoding="ascii", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else FOLDER)
