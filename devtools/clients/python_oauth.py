"""Uses the service through the Python MCP client, which gets its token by itself: from our 401 over our metadata to the authorization
server, where it registers, lets MCP_USER log in and agree, and trades the code for a token. Prints what came back as one JSON object.

Reads MCP_URL, MCP_USER, MCP_ERA, MCP_SESSION, MCP_SCRATCH and MCP_NOTE. Judges nothing: xtask does. What a browser would do is done
by the requests that it would send.
"""

import asyncio
import json
import os
import re
from urllib.parse import parse_qs, urljoin, urlparse

import httpx2
from mcp import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientMetadata

from python_report import report

# Nobody listens there: where it is sent is all that a browser has to know.
REDIRECT = "http://127.0.0.1:1/callback"

FORM = re.compile(r'<form[^>]* action="([^"]+)"[^>]*>.*?name="prompt" value="(\w+)"', re.DOTALL)


class Memory:
    """What the provider keeps between requests."""

    def __init__(self) -> None:
        self.tokens = None
        self.client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens) -> None:
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client) -> None:
        self.client = client


class Browser:
    """Somebody who logs in by a name and agrees to everything."""

    def __init__(self, user: str) -> None:
        self.user = user
        self.came_to = None

    async def open(self, url: str) -> None:
        async with httpx2.AsyncClient() as http:
            answer = await http.get(url)
            # Two forms, a few redirects.
            for _ in range(20):
                if answer.is_redirect:
                    target = urljoin(str(answer.url), answer.headers["location"])
                    if target.startswith(REDIRECT):
                        self.came_to = target
                        return
                    answer = await http.get(target)
                    continue
                form = FORM.search(answer.text)
                if form is None:
                    raise RuntimeError(f"no form at {answer.url}: {answer.status_code} {answer.text}")
                fields = {"prompt": form[2], "login": self.user, "password": "any"}
                answer = await http.post(urljoin(str(answer.url), form[1]), data=fields)
            raise RuntimeError(f"it goes on and on at {answer.url}")

    async def read(self) -> AuthorizationCodeResult:
        query = parse_qs(urlparse(self.came_to).query)
        code, state, iss = (query.get(name, [None])[0] for name in ("code", "state", "iss"))
        return AuthorizationCodeResult(code=code, state=state, iss=iss)


async def main() -> None:
    env = os.environ
    options = {"mode": "legacy"} if env["MCP_ERA"] == "legacy" else {}
    browser = Browser(env["MCP_USER"])
    about = OAuthClientMetadata(client_name="xtask", redirect_uris=[REDIRECT], token_endpoint_auth_method="none")
    provider = OAuthClientProvider(env["MCP_URL"], about, Memory(), browser.open, browser.read)
    async with httpx2.AsyncClient(auth=provider) as http:
        async with Client(streamable_http_client(env["MCP_URL"], http_client=http), **options) as client:
            print(json.dumps(await report(client, env["MCP_NOTE"])))


asyncio.run(main())
