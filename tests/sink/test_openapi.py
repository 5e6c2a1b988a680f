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
        receipts = operation["responses"][status]["content"]
        assert list(receipts) == [
            "application/vnd.vox.key-enrolment-receipt.v2+json",
            "application/vnd.vox.key-enrolment-receipt.v1+json",
        ]
        for receipt in receipts.values():
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


async def test_every_operation_has_examples_of_its_answers_and_problems(
    client: httpx.AsyncClient,
) -> None:
    document = (await client.get("/schema/openapi.json")).json()
    assert set(document["paths"]) == {
        "/v1/about",
        "/v1/batches",
        "/v1/keys",
        "/livez",
        "/readyz",
    }
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["operationId"], path
            for status, response in operation["responses"].items():
                for media in response["content"].values():
                    assert media.get("example") or media.get("examples"), (path, status)
    about = document["paths"]["/v1/about"]["get"]["responses"]["200"]
    said = about["content"]["application/json"]["examples"]["about"]["value"]
    real = (await client.get("/v1/about")).json()
    assert {name: type(value) for name, value in real.items()} == {
        name: type(value) for name, value in said.items()
    }
    ready = document["paths"]["/readyz"]["get"]["responses"]
    shown = ready["200"]["content"]["application/json"]["examples"]["ready"]["value"]
    assert (await client.get("/readyz")).json() == shown
    assert set(ready["503"]["content"]) == {"application/json", "application/problem+json"}


async def test_an_unknown_path_below_schema_is_a_problem_document(
    client: httpx.AsyncClient,
) -> None:
    for path in ("/schema/x", "/schema/openapi.yaml", "/schema/a/b", "/schema/elements"):
        answer = await client.get(path)
        assert answer.status_code == 404, path
        assert answer.headers["content-type"] == "application/problem+json", path
        assert answer.json()["type"] == ProblemType.NOT_FOUND.uri, path
