from vox_telemetry_spec.problems import ProblemType


async def test_the_document_names_every_answer_header_and_problem(client):
    answer = await client.get("/schema/openapi.json")
    assert answer.status_code == 200
    operation = answer.json()["paths"]["/v1/batches"]["post"]
    assert set(operation["responses"]) == {"200", "201"} | {str(p.status) for p in ProblemType}
    examples = {
        slug
        for response in operation["responses"].values()
        for media in response["content"].values()
        for slug in media.get("examples", {})
    }
    assert examples == {problem.slug for problem in ProblemType}
    assert {(row["name"], row["required"]) for row in operation["parameters"]} == {
        ("Content-Digest", True),
        ("Idempotency-Key", True),
        ("Signature-Input", True),
        ("Signature", True),
        ("Content-Encoding", False),
    }
    assert set(operation["requestBody"]["content"]) == {
        "application/vnd.vox.usage-batch.v1+json"
    }


async def test_no_page_with_foreign_scripts_is_served(client):
    for path in ("/schema", "/schema/swagger", "/schema/redoc", "/"):
        answer = await client.get(path, follow_redirects=True)
        assert "cdn" not in answer.text, path
