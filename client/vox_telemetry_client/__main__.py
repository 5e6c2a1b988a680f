"""`python -m vox_telemetry_client`: the program `vox-telemetry` of this very Python."""

from vox_telemetry_client.cli import main

main()
