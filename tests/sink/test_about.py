"""What the sink tells of itself."""

from datetime import UTC, datetime

import httpx

from vox_telemetry_spec.contract_version import contract_sha256


async def test_the_sink_tells_program_version_contract_and_time(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/about")
    told = answer.json()
    time = datetime.fromisoformat(told.pop("time"))
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/json")
    assert told == {
        "program": "vox-telemetry-sink",
        "version": "0.1.0",
        "contract_version": "vox.usage-batch.v1",
        "contract_sha256": contract_sha256(),
    }
    assert abs((datetime.now(UTC) - time).total_seconds()) < 60


async def test_about_is_open_also_where_uploads_need_a_token(live_sink) -> None:
    async with live_sink(upload_token="geheim") as client:
        answer = await client.get("/v1/about")
    assert answer.status_code == 200
    assert "geheim" not in answer.text


async def test_about_needs_no_database(live_sink) -> None:
    async with live_sink(database_url="postgresql://u:geheim@127.0.0.1:1/x") as client:
        answer = await client.get("/v1/about")
    assert answer.status_code == 200
