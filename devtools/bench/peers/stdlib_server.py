"""The REST route of the v1 (Python) server, on Python's standard library and boto3. It works like the v1 server: one request
at a time on a new connection, results cached in the table only, three consecutive calls to add a note. One argument: the
port."""

import hashlib
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import boto3
from boto3.dynamodb.conditions import Key

table = boto3.resource("dynamodb").Table("mcp_state")


def add_note(session_id, note):
    now, session = int(time.time()), {"pk": f"SESSION#{session_id}", "sk": "META"}
    if "Item" not in table.get_item(Key=session):
        table.put_item(Item={**session, "userId": "anonymous", "createdAt": now, "lastActive": now})
    table.update_item(
        Key=session, UpdateExpression="SET lastActive = :now", ExpressionAttributeValues={":now": now}
    )
    table.put_item(Item={"pk": session["pk"], "sk": f"NOTE#{now}", "note": note, "ts": now})
    return f"Note added to {session_id}."


def get_notes(session_id):
    wanted = Key("pk").eq(f"SESSION#{session_id}") & Key("sk").begins_with("NOTE#")
    return [item["note"] for item in table.query(KeyConditionExpression=wanted, Limit=200)["Items"]]


def echo_cached(text):
    digest = hashlib.sha256(json.dumps({"text": text}).encode()).hexdigest()[:16]
    key = {"pk": "TOOL#echo_cached", "sk": f"KEY#{digest}"}
    item = table.get_item(Key=key).get("Item")
    if item:
        return f"[cache] {json.loads(item['value'])}"
    table.put_item(Item={**key, "value": json.dumps(text.upper()), "expiresAt": int(time.time()) + 900})
    return text.upper()


def reset_session(session_id):
    wanted = Key("pk").eq(f"SESSION#{session_id}") & Key("sk").begins_with("NOTE#")
    items = table.query(KeyConditionExpression=wanted)["Items"]
    with table.batch_writer() as batch:
        for item in items:
            batch.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})
    return f"Deleted {len(items)} notes from {session_id}."


TOOLS = {"add_note": add_note, "get_notes": get_notes, "echo_cached": echo_cached, "reset_session": reset_session}


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        if self.path != "/mcp/call_tool":
            return self.respond(404, {"error": "Not found"})
        try:
            call = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        except ValueError:
            return self.respond(400, {"error": "Invalid JSON"})
        try:
            result = TOOLS[call["name"]](**(call.get("arguments") or {}))
        except Exception as error:
            return self.respond(400, {"error": str(error)})
        return self.respond(200, {"result": result})

    def respond(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


# Longer than the v1 server's queue of five, which would refuse most of 256 connections.
HTTPServer.request_queue_size = 1024
HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
