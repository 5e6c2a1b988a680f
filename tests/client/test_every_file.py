"""Each file of the client has a test file of its name, or one that is named here."""

from pathlib import Path

import vox_telemetry_client

CLIENT = Path(vox_telemetry_client.__file__).parent
TESTS = Path(__file__).parent
# Files that are only seen through others, by the test file that breaks when they do.
COVERED_BY = {
    "__main__.py": "../sink/testing/test_machine.py",
    "cli/app.py": "cli/test_main.py",
    "cli/completion.py": "cli/test_interface.py",
    "cli/doctor.py": "doctor/test_rounds.py",
    "cli/dry_run.py": "cli/test_upload.py",
    "cli/examples.py": "cli/test_interface.py",
    "cli/journal_damage.py": "cli/test_journal.py",
    "cli/journal_verify.py": "../journey/test_receipts.py",
    "cli/journal_words.py": "cli/test_journal.py",
    "cli/key_output.py": "cli/test_keys.py",
    "cli/left_behind.py": "cli/test_status.py",
    "cli/options.py": "cli/test_interface.py",
    "cli/output.py": "cli/test_main.py",
    "cli/progress.py": "cli/test_enqueue.py",
    "cli/rules.py": "cli/test_check.py",
    "cli/run_upload.py": "cli/test_upload.py",
    "cli/secret_input.py": "cli/test_keys_import.py",
    "cli/streams.py": "cli/test_backlog.py",
    "cli/verdict.py": "cli/test_check.py",
    "connecting.py": "cli/test_upload.py",
    "disclosure/batch_pages.py": "disclosure/test_site.py",
    "disclosure/pages.py": "disclosure/test_site.py",
    "disclosure/replies.py": "disclosure/test_door.py",
    "disclosure/serving.py": "disclosure/test_site.py",
    "doctor/finding.py": "doctor/test_rounds.py",
    "doctor/visit.py": "doctor/test_network.py",
    "limits.py": "test_uploader.py",
    "own_problems.py": "test_uploader.py",
    "proving.py": "test_receipt_proof.py",
    "pytest_modules.py": "test_pytest_timings.py",
    "pytest_reporter.py": "test_pytest_timings.py",
    "real_world.py": "test_api.py",
    "set_aside.py": "test_rejected.py",
    "settings.py": "test_api.py",
    "sink_keys.py": "../journey/test_receipts.py",
    "user_folder.py": "test_consent_file.py",
    "world.py": "test_uploader.py",
}


def test_every_file_has_its_test_file_or_one_that_covers_it() -> None:
    files = [path.relative_to(CLIENT) for path in CLIENT.rglob("*.py") if path.stem != "__init__"]
    without = {
        path.as_posix()
        for path in files
        if not (TESTS / path).with_name(f"test_{path.name}").exists()
    }
    assert without == set(COVERED_BY)
    assert [name for name in COVERED_BY.values() if not (TESTS / name).exists()] == []
