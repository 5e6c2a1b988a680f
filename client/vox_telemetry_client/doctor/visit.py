"""What the checks of one visit share: each fact is looked up once, by whoever needs it first."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from urllib.parse import urlsplit

from vox_telemetry_client import credentials, key_list, keyring_door
from vox_telemetry_client.config import UPLOAD_URL, Config
from vox_telemetry_client.delivery import Answer, Fault
from vox_telemetry_client.errors import NotConfiguredError, TelemetryError
from vox_telemetry_client.folder import Folder
from vox_telemetry_client.hidden import Hidden
from vox_telemetry_client.limits import DOCTOR_REQUEST_S, DOCTOR_SILENCE_S
from vox_telemetry_client.network import Network, proxy_for
from vox_telemetry_client.overview import Overview, look
from vox_telemetry_client.switches import Decision, Facts
from vox_telemetry_spec.about import About, read_about
from vox_telemetry_spec.errors import UrlRefusedError
from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.wire import IngestTarget, about_target, ingest_target


@dataclass(frozen=True)
class Surroundings:
    """The world that a visit looks at.

    `settings` gives the settings or raises what keeps them from being read; `facts` reads all that
    sending to a URL depends on, anew each time.
    """

    settings: Callable[[], Config]
    facts: Callable[[str | None], Facts]
    may_send: Callable[[str | None], Decision]
    now: Callable[[], datetime]
    user_agent: str
    offline: bool = False


@dataclass(frozen=True)
class Reply:
    """What came back for one GET, and when (this machine's clock, the middle of the exchange)."""

    answer: Answer | Fault
    at: datetime
    certificate: bytes | None = None  # DER
    tls_version: str = ""


class UnknownError(Exception):
    """A check cannot be made because an earlier one failed; the message says which."""


class NoWayError(UnknownError):
    """A connection cannot even be tried; the message says what to mend."""


class Visit:
    """One visit; a fact that cannot be had raises `UnknownError` in every check that needs it."""

    def __init__(self, around: Surroundings) -> None:
        """Take the world; nothing is looked at yet."""
        self.around = around
        self.proxy_trouble = ""

    @cached_property
    def config(self) -> Config:
        """The settings."""
        try:
            return self.around.settings()
        except TelemetryError as exc:
            raise UnknownError("the settings cannot be read, see settings") from exc

    @cached_property
    def facts(self) -> Facts:
        """The switches and the consent; the URL is the one that consent was granted for."""
        return self.around.facts(None)

    @cached_property
    def folder(self) -> Folder:
        """The spool's folder, which need not be there."""
        return Folder(self.config.spool)

    @cached_property
    def overview(self) -> Overview:
        """What the spool holds."""
        try:
            return look(self.folder, self.around.now(), covers_from=self._covers_from())
        except (TelemetryError, OSError) as exc:
            raise UnknownError("the spool cannot be read, see spool.mode") from exc

    @cached_property
    def backend(self) -> str | TelemetryError:
        """The name of the keyring, or why there is none."""
        try:
            return keyring_door.backend_name()
        except TelemetryError as exc:
            return exc

    @cached_property
    def round_trip(self) -> TelemetryError | None:
        """Why the keyring does not keep, give back and delete a test entry.

        Found out once, before anything else is asked of it: one that waits for a password nobody
        gives then costs one wait.
        """
        if isinstance(self.backend, TelemetryError):
            return self.backend
        entry = f"doctor-{secrets.token_hex(8)}"
        try:
            keyring_door.store(entry, Hidden(secrets.token_hex(16)))
            keyring_door.delete(entry)
        except TelemetryError as exc:
            return exc
        return None

    @cached_property
    def key(self) -> SigningKey | TelemetryError:
        """The key that signs, or why there is none."""
        file = self.config.key_file
        try:
            if file is None:
                key_list.read().find(None)
                if self.round_trip is not None:
                    return self.round_trip
            return credentials.load_key(file)
        except TelemetryError as exc:
            return exc

    @cached_property
    def url(self) -> IngestTarget | TelemetryError | UrlRefusedError:
        """Where an upload would go, or why nowhere."""
        from_keyring = self.config.upload_url is None and self.config.key_file is None
        if from_keyring and self.round_trip is not None:
            return NotConfiguredError(
                f"{UPLOAD_URL} is not set, and the keyring cannot be asked, see keyring.round-trip"
            )
        try:
            return ingest_target(credentials.upload_url(self.config))
        except (TelemetryError, UrlRefusedError) as exc:
            return exc

    @property
    def target(self) -> IngestTarget:
        """Where an upload would go."""
        if isinstance(self.url, IngestTarget):
            return self.url
        raise UnknownError("there is no usable upload URL, see url")

    @cached_property
    def host(self) -> str:
        """The host of the target, without its port."""
        return urlsplit(self.target.url).hostname or ""

    @property
    def is_tls(self) -> bool:
        """Whether the target is asked over TLS."""
        return self.target.url.startswith("https:")

    def allow_network(self) -> None:
        """Make sure that the network may be asked now: where an upload may be made, and only there.

        Raises:
            UnknownError: it may not, with the reason.

        """
        if self.around.offline:
            raise UnknownError("--offline")
        decision = self.around.may_send(self.target.url)
        if not decision.allowed:
            raise UnknownError(f"nothing leaves this machine: {decision.reason}")

    @cached_property
    def reply(self) -> Reply:
        """What the sink answers to GET of `about`, or of the ingest path's host where none is."""
        return self.get((about_target(self.target) or self.target).path)

    @cached_property
    def about(self) -> About | None:
        """What the sink tells of itself; None where it tells nothing."""
        answer = self.reply.answer
        if isinstance(answer, Fault):
            raise UnknownError("the sink does not answer, see sink.answer")
        return None if answer.body is None else read_about(answer.body)

    @cached_property
    def proxy(self) -> str | None:
        """The proxy on the way to the target; its URL may hold a password."""
        try:
            return proxy_for(self.target, self.facts.switches.environ)
        except NotConfiguredError as exc:
            self.proxy_trouble = str(exc)
            raise UnknownError("the proxy cannot be used, see proxy") from exc

    def get(self, path: str) -> Reply:
        """Ask the sink for an open page; there is no key, no token and no event in the request."""
        from vox_telemetry_client.transport import Transport  # noqa: PLC0415 -- httpx is slow

        self.allow_network()
        began = self.around.now()
        try:
            opened = Transport(
                self.target,
                self.around.user_agent,
                Network(self.proxy, self.config.ca_file),
                silence_s=DOCTOR_SILENCE_S,
                request_s=DOCTOR_REQUEST_S,
            )
        except NotConfiguredError as exc:
            raise NoWayError(str(exc)) from exc
        with opened as transport:
            answer = transport.get(path)
            certificate, version = transport.peer()
        return Reply(answer, began + (self.around.now() - began) / 2, certificate, version)

    def _covers_from(self) -> datetime | None:
        try:
            return self.around.may_send(self.target.url).covers_from
        except UnknownError:
            return None
