import json
import os
import urllib.error
import urllib.request


def showup(method, path, body=None, once=None):
    """What is answered. `once` makes a POST one, however often it is sent."""
    headers = {"Authorization": f"Bearer {os.environ['SHOWUP_KEY']}", "Content-Type": "application/json"}
    if once:
        headers["Idempotency-Key"] = once
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{os.environ['SHOWUP_URL']}/api/v1{path}", data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            said = answer.read()
    except urllib.error.HTTPError as refused:
        problem = json.load(refused)
        raise RuntimeError(f"{problem['title']}: {problem['detail']} ({problem.get('instance')})") from None
    return json.loads(said) if said else None
