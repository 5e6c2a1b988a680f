import importlib.util

import pytest
import vox_telemetry_sink


@pytest.mark.parametrize("missing", ["litestar", "asyncpg", "uvicorn"])
def test_without_the_extra_the_command_says_how_to_get_it(missing, monkeypatch, capsys):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == missing else real(name)
    )
    with pytest.raises(SystemExit) as ended:
        vox_telemetry_sink.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err == (
        "vox-telemetry-sink: the server's parts are not installed: "
        "pip install 'vox-telemetry[sink]'\n"
    )
