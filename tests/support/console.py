"""People at the console, as a browser acts for them: cookies are kept, forms carry what they must."""

import re
import secrets
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from typing import Any

import httpx

from vox_telemetry_sink.console.token_store import TokenStore
from vox_telemetry_sink.console.tokens import ConsoleToken, make_token
from vox_telemetry_sink.console.visitor import Role

_CSRF = re.compile(r'name="csrf" value="([0-9a-f]{64})"')
FROM_OUR_PAGE = {"sec-fetch-site": "same-origin", "origin": "null"}


async def add_token(
    tokens: TokenStore, role: Role = Role.ADMIN, *, name: str = "ada", days: int = 1
) -> ConsoleToken:
    """Make a token as the operator's command does."""
    now = datetime.now(UTC)
    token = make_token(secrets.token_bytes(8), secrets.token_bytes(32))
    await tokens.add(token, name, role, now=now, expires_at=now + timedelta(days=days))
    return token


class Person:
    """Somebody with a browser of their own: `cookies` is its jar, Secure ones included."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.cookies: dict[str, str] = {}

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """Open an address."""
        return self._kept(await self.client.get(path, headers=self._headers(headers)))

    async def post(
        self, path: str, form: dict[str, str] | bytes, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """Send a form from a page of ours, or what `headers` make of that."""
        sent = self._headers(FROM_OUR_PAGE if headers is None else headers)
        content: Any = {"data": form} if isinstance(form, dict) else {"content": form}
        return self._kept(await self.client.post(path, headers=sent, **content))

    async def csrf(self, path: str) -> str:
        """Give the secret of the last form on a page."""
        return _CSRF.findall((await self.get(path)).text)[-1]

    async def sign_in(self, token: str, **fields: str) -> httpx.Response:
        """Open the sign-in page and send a token."""
        csrf = await self.csrf("/console/sign-in")
        return await self.post("/console/sign-in", {"csrf": csrf, "token": token, **fields})

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {**({"cookie": cookie} if cookie else {}), **more}

    def _kept(self, answer: httpx.Response) -> httpx.Response:
        for line in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        return answer
