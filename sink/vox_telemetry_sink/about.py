"""GET /v1/about: which program and which contract this is, and what time it has (wire 12)."""

from datetime import UTC, datetime
from importlib.metadata import version

from litestar import get

from vox_telemetry_sink.openapi_health import AboutOperation
from vox_telemetry_spec.about import About
from vox_telemetry_spec.contract_version import CONTRACT_VERSION, contract_sha256
from vox_telemetry_spec.times import format_time
from vox_telemetry_spec.wire import ABOUT_PATH


@get(ABOUT_PATH, operation_class=AboutOperation, media_type="application/json")
async def about() -> About:
    """Answer without a look at the database: it tells nothing of what is held, so all may ask."""
    return About(
        program="vox-telemetry-sink",
        version=version("vox-telemetry"),
        contract_version=CONTRACT_VERSION,
        contract_sha256=contract_sha256(),
        time=format_time(datetime.now(UTC)),
    )
