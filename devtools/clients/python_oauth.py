"""Calls the service through the Python MCP client with OAuth, and prints the results as one JSON object.

The client follows the 401 response and the metadata to the authorization server. It registers there, has MCP_USER log in and
consent, and exchanges the code for a token. HTTP requests replace the browser.

Reads MCP_URL, MCP_USER, MCP_PROTOCOL_VERSION, MCP_SESSION, MCP_SCRATCH and MCP_NOTE. devtools checks the results.
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

# No server listens there. The redirect's query is all that the client needs.
REDIRECT = "http://127.0.0.1:1/callback"

FORM = re.compile(r'<form[^>]* action="([^"]+)"[^>]*>.*?name="prompt" value="(\w+)"', re.DOTALL)


class Memory:
    """The token storage of the OAuth provider."""

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
    """A browser whose user logs in by name and consents to everything."""

    def __init__(self, user: str) -> None:
        self.user = user
        self.redirected_to = None

    async def open(self, url: str) -> None:
        async with httpx2.AsyncClient() as http:
            response = await http.get(url)
            # The login takes two forms and a few redirects; the limit ends a loop.
            for _ in range(20):
                if response.is_redirect:
                    target = urljoin(str(response.url), response.headers["location"])
                    if target.startswith(REDIRECT):
                        self.redirected_to = target
                        return
                    response = await http.get(target)
                    continue
                form = FORM.search(response.text)
                if form is None:
                    raise RuntimeError(f"no form at {response.url}: {response.status_code} {response.text}")
                fields = {"prompt": form[2], "login": self.user, "password": "any"}
                response = await http.post(urljoin(str(response.url), form[1]), data=fields)
            raise RuntimeError(f"the login did not end at {response.url}")

    async def read(self) -> AuthorizationCodeResult:
        query = parse_qs(urlparse(self.redirected_to).query)
        code, state, iss = (query.get(name, [None])[0] for name in ("code", "state", "iss"))
        return AuthorizationCodeResult(code=code, state=state, iss=iss)


async def main() -> None:
    env = os.environ
    options = {"mode": "legacy"} if env["MCP_PROTOCOL_VERSION"] == "2025-11-25" else {}
    browser = Browser(env["MCP_USER"])
    metadata = OAuthClientMetadata(client_name="xtask", redirect_uris=[REDIRECT], token_endpoint_auth_method="none")
    provider = OAuthClientProvider(env["MCP_URL"], metadata, Memory(), browser.open, browser.read)
    async with httpx2.AsyncClient(auth=provider) as http:
        async with Client(streamable_http_client(env["MCP_URL"], http_client=http), **options) as client:
            print(json.dumps(await report(client, env["MCP_NOTE"])))


asyncio.run(main())
