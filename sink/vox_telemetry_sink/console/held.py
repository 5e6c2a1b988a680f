"""What a worker holds for the console."""

from dataclasses import dataclass

from litestar.datastructures import State

from vox_telemetry_sink.console.load import RecentLoad
from vox_telemetry_sink.console.reads import Reads
from vox_telemetry_sink.console.sessions import SessionStore
from vox_telemetry_sink.console.token_store import TokenStore
from vox_telemetry_sink.database import Pool
from vox_telemetry_sink.key_store import KeyStore
from vox_telemetry_sink.keys import KeyRegistry
from vox_telemetry_sink.limiter import Limiter
from vox_telemetry_spec.limits import CONSOLE_SIGN_IN_BURST, CONSOLE_SIGN_IN_RATE_PER_S


@dataclass(frozen=True)
class Console:
    """Held for the worker's life, beside `Sink`; `keys` is the registry that uploads ask."""

    tokens: TokenStore
    sessions: SessionStore
    key_store: KeyStore
    keys: KeyRegistry
    limiter: Limiter
    reads: Reads
    recent: RecentLoad

    @classmethod
    def holding(cls, pool: Pool, keys: KeyRegistry) -> "Console":
        """Return what the console needs, on a pool and a registry that the caller holds."""
        return cls(
            tokens=TokenStore(pool),
            sessions=SessionStore(pool),
            key_store=KeyStore(pool),
            keys=keys,
            limiter=Limiter(
                rate_per_s=CONSOLE_SIGN_IN_RATE_PER_S,
                burst=CONSOLE_SIGN_IN_BURST,
                policy_name="sign-in",
            ),
            reads=Reads(pool),
            recent=RecentLoad(),
        )


def held_console(state: State) -> Console:
    """Give a handler the console of its worker."""
    console: Console = state.console
    return console


def held_reads(state: State) -> Reads:
    """Give a handler its way to the figures."""
    return held_console(state).reads
