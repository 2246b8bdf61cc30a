"""The four tools on the table, in straightforward boto3 code: unique keys for notes, and pagination."""

import time
import uuid

import boto3
from boto3.dynamodb.conditions import Key
from botocore.config import Config

# One connection for each thread that may work at once.
table = boto3.resource("dynamodb", config=Config(max_pool_connections=64)).Table("mcp_state")
echoes: dict[str, tuple[str, int]] = {}


def add_note(session_id: str, note: str) -> str:
    now = int(time.time())
    table.update_item(
        Key={"pk": f"SESSION#{session_id}", "sk": "META"},
        UpdateExpression="SET lastActive = :now, createdAt = if_not_exists(createdAt, :now)",
        ExpressionAttributeValues={":now": now},
    )
    key = {"pk": f"SESSION#{session_id}", "sk": f"NOTE#{time.time_ns()}#{uuid.uuid4()}"}
    table.put_item(Item={**key, "note": note, "ts": now})
    return f"Note added to {session_id}."


def get_notes(session_id: str) -> list[str]:
    wanted = {
        "KeyConditionExpression": Key("pk").eq(f"SESSION#{session_id}") & Key("sk").begins_with("NOTE#"),
        "ProjectionExpression": "note",
        "ConsistentRead": True,
    }
    notes: list[str] = []
    while True:
        page = table.query(**wanted)
        notes += [item["note"] for item in page["Items"]]
        if "LastEvaluatedKey" not in page:
            return notes
        wanted["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def reset_session(session_id: str) -> str:
    wanted = {"KeyConditionExpression": Key("pk").eq(f"SESSION#{session_id}") & Key("sk").begins_with("NOTE#")}
    items = table.query(**wanted, ProjectionExpression="pk, sk")["Items"]
    with table.batch_writer() as batch:
        for item in items:
            batch.delete_item(Key=item)
    return f"Deleted {len(items)} notes from {session_id}."


def echo_cached(text: str) -> str:
    """Keeps a dictionary in front of the table, as mcp-stateful does, so that a hot call does not use the SDK."""
    now = int(time.time())
    upper, expires = echoes.get(text, ("", 0))
    if expires > now:
        return f"[cache] {upper}"
    key = {"pk": "TOOL#echo_cached", "sk": f"KEY#{text}"}
    item = table.get_item(Key=key, ConsistentRead=True).get("Item")
    if item and item["expiresAt"] > now:
        echoes[text] = (item["value"], int(item["expiresAt"]))
        return f"[cache] {item['value']}"
    echoes[text] = (text.upper(), now + 900)
    table.put_item(Item={**key, "value": text.upper(), "expiresAt": now + 900})
    return text.upper()
