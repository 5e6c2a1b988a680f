import json

import httpx

from vox_telemetry_spec.enrolment import read_code, read_enrolment, read_enrolment_receipt
from vox_telemetry_spec.keys import PublicKey
from vox_telemetry_spec.problems import ProblemType


async def test_the_document_names_every_answer_header_and_problem(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/schema/openapi.json")
    assert answer.status_code == 200
    operation = answer.json()["paths"]["/v1/batches"]["post"]
    problems = set(ProblemType) - {ProblemType.ENROLMENT_CODE_REFUSED}
    assert set(operation["responses"]) == {"200", "201"} | {str(p.status) for p in problems}
    examples = {
        slug
        for response in operation["responses"].values()
        for media in response["content"].values()
        for slug in media.get("examples", {})
    }
    assert examples == {problem.slug for problem in problems}
    assert {(row["name"], row["required"]) for row in operation["parameters"]} == {
        ("Content-Digest", True),
        ("Idempotency-Key", True),
        ("Signature-Input", True),
        ("Signature", True),
        ("Content-Encoding", False),
    }
    assert set(operation["requestBody"]["content"]) == {"application/vnd.vox.usage-batch.v1+json"}


async def test_no_page_with_foreign_scripts_is_served(client: httpx.AsyncClient) -> None:
    for path in ("/schema", "/schema/swagger", "/schema/redoc", "/"):
        answer = await client.get(path, follow_redirects=True)
        assert "cdn" not in answer.text, path


async def test_the_enrolment_is_described_with_examples_of_every_answer(
    client: httpx.AsyncClient,
) -> None:
    document = (await client.get("/schema/openapi.json")).json()
    operation = document["paths"]["/v1/keys"]["post"]
    [(media_type, body)] = operation["requestBody"]["content"].items()
    assert media_type == "application/vnd.vox.key-enrolment.v1+json"
    example = body["example"]
    key = PublicKey.from_jwk(json.dumps(example["public_key"]).encode())
    assert read_code(example["code"])
    assert read_enrolment(json.dumps(example).encode()).key.key_id == key.key_id
    for status in ("200", "201"):
        [receipt] = operation["responses"][status]["content"].values()
        read = read_enrolment_receipt(json.dumps(receipt["example"]).encode())
        assert read is not None
        assert read.key_id == key.key_id
    problems = {
        slug: int(status)
        for status, response in operation["responses"].items()
        for media in response["content"].values()
        for slug in media.get("examples", {})
    }
    assert problems["enrolment-code-refused"] == 403
    assert problems["rate-limited"] == 429
    assert "contract-refused" not in problems
    assert {(row["name"], row["required"]) for row in operation["parameters"]} == {
        ("Content-Digest", True),
        ("Signature-Input", True),
        ("Signature", True),
    }
