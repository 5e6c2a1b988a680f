async def test_a_sink_that_can_store_is_ready(client):
    answer = await client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "checks": [
            {"id": "sink.E001", "ok": True, "message": ""},
            {"id": "sink.E002", "ok": True, "message": ""},
        ],
    }


async def test_pending_migrations_make_it_not_ready(live_sink, empty_database_url):
    async with live_sink(database_url=empty_database_url) as client:
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()["status"]) == (503, "not-ready")
        assert answer.json()["checks"][1]["id"] == "sink.E002"
        assert "run vox-telemetry-sink migrate" in answer.json()["checks"][1]["message"]


async def test_a_database_of_another_program_makes_it_not_ready(client, fetch):
    await fetch("UPDATE schema_migration SET sha256 = '\\x00' RETURNING 1")
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"][1]["ok"]) == (503, False)


async def test_a_database_that_is_away_makes_it_not_ready_but_alive(live_sink):
    async with live_sink(database_url="postgresql://u:geheim@127.0.0.1:1/x") as client:
        ready, alive = await client.get("/readyz"), await client.get("/livez")
    assert ready.status_code == 503
    assert [(c["id"], c["ok"]) for c in ready.json()["checks"]] == [("sink.E001", False)]
    assert "geheim" not in ready.text
    assert (alive.status_code, alive.json()["status"]) == (200, "ok")
