"""An address that others reach takes https in front, or an explicit wish."""

import pytest

from vox_telemetry_sink.config import Config
from vox_telemetry_sink.errors import ConfigError
from vox_telemetry_sink.listening import check_listening

OPEN = {"VOX_SINK_HOST": "0.0.0.0"}  # noqa: S104 -- read, not listened on


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_loopback_needs_nothing(host: str) -> None:
    check_listening(Config.from_env({"VOX_SINK_HOST": host}))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "sink.example"])  # noqa: S104 -- as above
def test_another_address_is_refused_with_what_to_do(host: str) -> None:
    with pytest.raises(
        ConfigError, match="which is not loopback, and nothing says that TLS ends"
    ) as caught:
        check_listening(Config.from_env({"VOX_SINK_HOST": host}))
    for way_out in (
        "VOX_SINK_PUBLIC_ORIGIN",
        "https://",
        "--insecure-listen",
        "VOX_SINK_INSECURE_LISTEN=1",
    ):
        assert way_out in str(caught.value)


def test_an_https_origin_is_a_proxy_that_ends_tls() -> None:
    check_listening(Config.from_env({**OPEN, "VOX_SINK_PUBLIC_ORIGIN": "https://sink.example"}))


@pytest.mark.parametrize(
    "more", [{"VOX_SINK_PUBLIC_ORIGIN": "http://h"}, {"VOX_SINK_PUBLIC_AUTHORITY": "h"}]
)
def test_a_name_without_https_is_not_enough(more: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="nothing says that TLS ends"):
        check_listening(Config.from_env({**OPEN, **more}))
    check_listening(Config.from_env({**OPEN, **more, "VOX_SINK_INSECURE_LISTEN": "yes"}))


def test_the_explicit_wish_still_takes_the_authority_that_is_signed() -> None:
    with pytest.raises(ConfigError, match="VOX_SINK_PUBLIC_AUTHORITY is not set"):
        check_listening(Config.from_env({**OPEN, "VOX_SINK_INSECURE_LISTEN": "1"}))
