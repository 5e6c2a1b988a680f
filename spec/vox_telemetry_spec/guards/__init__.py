"""Guards: the files of a checkout say the same, and the same as the programs.

    python -m vox_telemetry_spec.guards data-ssot-guards       contracts, documents, code, changelog
    python -m vox_telemetry_spec.guards command-compliance     commands, catalogue, OpenAPI, help

`data_ssot` and `command_compliance` list the guards; each guard is one file with one pure function
from a `Checkout` (the texts of a working tree) to findings, a sentence each. `programs` is the only
file that starts a process: git, and `deploy/describe_programs.py`, because the contract may import
neither program. With `--write`, what can be generated is written instead of compared.
"""
