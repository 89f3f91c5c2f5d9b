"""The API's operations on entities, with requests.

    python3 entities.py token
    python3 entities.py get BLUEPRINT IDENTIFIER
    python3 entities.py create|merge|override BLUEPRINT ENTITY_AS_JSON
    python3 entities.py delete BLUEPRINT IDENTIFIER
    python3 entities.py delete-all BLUEPRINT

PORT_API_URL says where, PORT_CLIENT_ID and PORT_CLIENT_SECRET who. The API's JSON goes to stdout, its status to stderr.
"""

import json
import os
import sys
from urllib.parse import quote

import requests

API_URL = os.environ.get("PORT_API_URL", "https://api.port.io/v1")

# create fails where the identifier is taken; merge changes what is given; override replaces the entity.
WRITES = {
    "create": {"upsert": "false", "merge": "false"},
    "merge": {"upsert": "true", "merge": "true"},
    "override": {"upsert": "true", "merge": "false"},
}


def get_token():
    credentials = {"clientId": os.environ["PORT_CLIENT_ID"], "clientSecret": os.environ["PORT_CLIENT_SECRET"]}
    reply = requests.post(f"{API_URL}/auth/access_token", json=credentials, timeout=30)
    reply.raise_for_status()
    return reply.json()["accessToken"]


def call(operation, blueprint, rest):
    headers = {"Authorization": f"Bearer {get_token()}"}
    base = f"{API_URL}/blueprints/{quote(blueprint, safe='')}"
    if operation in WRITES:
        return requests.post(
            f"{base}/entities", params=WRITES[operation], json=json.loads(rest), headers=headers, timeout=30
        )
    if operation == "get":
        return requests.get(f"{base}/entities/{quote(rest, safe='')}", headers=headers, timeout=30)
    if operation == "delete":
        return requests.delete(
            f"{base}/entities/{quote(rest, safe='')}",
            params={"delete_dependents": "false"},
            headers=headers,
            timeout=30,
        )
    if operation == "delete-all":
        return requests.delete(f"{base}/all-entities", params={"delete_blueprint": "false"}, headers=headers, timeout=30)
    sys.exit(__doc__)


def main(operation="help", blueprint="", rest=""):
    if operation == "token":
        print(get_token())
        return
    reply = call(operation, blueprint, rest)
    print(json.dumps(reply.json(), indent=2))
    print(reply.status_code, file=sys.stderr)
    sys.exit(0 if reply.ok else 1)


main(*sys.argv[1:])
