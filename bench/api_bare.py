"""The bare scripts for the networks' APIs: a thread and a client per account, the same asks, and nothing around them."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
from oauthlib.oauth1 import Client

Publish = Callable[[str], None]


def x_api(one: Mapping[str, str]) -> Publish:
    """Sign each request with the four keys."""
    url, client = f"{one['url']}/2/tweets", httpx.Client(timeout=30)
    signer = Client(
        one["api_key"],
        client_secret=one["api_secret"],
        resource_owner_key=one["access_token"],
        resource_owner_secret=one["access_secret"],
    )

    def publish(text: str) -> None:
        _, headers, _ = signer.sign(url, http_method="POST")
        answer = client.post(url, json={"text": text}, headers=dict(headers))
        _check(answer, 201, lambda told: told["data"]["id"])

    return publish


def mastodon(one: Mapping[str, str]) -> Publish:
    """Show the access token."""
    headers = {"authorization": f"Bearer {one['access_token']}"}
    url, client = f"{one['url']}/api/v1/statuses", httpx.Client(timeout=30, headers=headers)

    def publish(text: str) -> None:
        _check(client.post(url, json={"status": text}), 200, lambda told: told["id"])

    return publish


def bluesky(one: Mapping[str, str]) -> Publish:
    """Sign in once, with the app password."""
    client = httpx.Client(timeout=30, base_url=one["url"])
    signed = client.post(
        "/xrpc/com.atproto.server.createSession",
        json={"identifier": one["handle"], "password": one["password"]},
    ).json()
    client.headers["authorization"] = f"Bearer {signed['accessJwt']}"

    def publish(text: str) -> None:
        made = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        record = {"$type": "app.bsky.feed.post", "text": text, "createdAt": made}
        body = {"repo": signed["did"], "collection": "app.bsky.feed.post", "record": record}
        answer = client.post("/xrpc/com.atproto.repo.createRecord", json=body)
        _check(answer, 200, lambda told: told["uri"])

    return publish


SCRIPTS: Mapping[str, Callable[[Mapping[str, str]], Publish]] = {
    "x_api": x_api,
    "mastodon": mastodon,
    "bluesky": bluesky,
}


def _check(answer: httpx.Response, status: int, given: Callable[[Any], Any]) -> None:
    if answer.status_code != status or not given(answer.json()):
        raise RuntimeError(f"HTTP {answer.status_code}: {answer.text[:300]}")


def post_all(accounts: Sequence[Mapping[str, str]], texts: Mapping[str, Sequence[str]]) -> None:
    """Post everything, each account in a thread of its own; ``ready`` is said when all have posted once."""
    gate = threading.Barrier(len(accounts) + 1)
    failed: list[BaseException] = []

    def one(account: Mapping[str, str]) -> None:
        try:
            publish = SCRIPTS[account["channel"]](account)
            publish(f"warm {account['handle']}")
            gate.wait()
            gate.wait()
            for text in texts[account["handle"]]:
                publish(text)
        except (
            BaseException
        ) as error:  # whatever ends a thread: else the others would wait at the gate for ever
            failed.append(error)
            gate.abort()
            raise

    threads = [threading.Thread(target=one, args=(account,)) for account in accounts]
    for thread in threads:
        thread.start()
    gate.wait()
    print("ready", flush=True)
    gate.wait()
    for thread in threads:
        thread.join()
    if failed:
        raise RuntimeError("a thread failed") from failed[0]


if __name__ == "__main__":
    told = json.load(sys.stdin)
    post_all(told["accounts"], told["texts"])
