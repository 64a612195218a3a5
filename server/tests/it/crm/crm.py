"""A CRM of a few lines: it books, moves and cancels, and hears what customers answer.

What it wants is written down before it is handed over, and handed over until it is taken. What it hears of is looked up, one thing at a
time, so that the last it has read is the latest there was. Killed at any moment, it goes on where it stopped.
"""

import json
import os
import sqlite3
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from showup import showup
from standardwebhooks import Webhook, WebhookVerificationError

db = sqlite3.connect(os.environ["CRM_DB"], check_same_thread=False, isolation_level=None)
db.row_factory = sqlite3.Row
db.executescript("""
    CREATE TABLE IF NOT EXISTS visit (external_id TEXT PRIMARY KEY, phone TEXT, wanted_at TEXT, cancelled INT DEFAULT 0, wish INT DEFAULT 1,
        taken INT DEFAULT 0, id TEXT, status TEXT, starts_at TEXT);
    CREATE TABLE IF NOT EXISTS heard (webhook_id TEXT PRIMARY KEY, type TEXT);
    CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value TEXT);
""")
turn = threading.RLock()


def run(sql, *values):
    with turn:
        return db.execute(sql, values).fetchall()


def kept(name, make):
    found = run("SELECT value FROM kept WHERE name = ?", name)
    if found:
        return found[0]["value"]
    value = make()
    run("INSERT INTO kept VALUES (?, ?)", name, value)
    return value


def endpoint():
    url = f"http://127.0.0.1:{os.environ['CRM_PORT']}/"
    events = [f"appointment.{what}" for what in ("moved", "confirmed", "reschedule_requested", "cancelled")]
    return showup("POST", "/webhook-endpoints", {"url": url, "events": events}, once="crm")["secret"]


def write(visit):
    run("UPDATE visit SET status = ?, starts_at = ? WHERE id = ?", visit["status"], visit["starts_at"], visit["id"])


def look(id):
    with turn:
        write(showup("GET", f"/appointments/{id}"))


def catch_up():
    """What was told while nobody listened comes again, but perhaps late."""
    cursor, begun = "", time.time() - 60
    since = kept("since", lambda: "2000-01-01T00:00:00Z")
    while cursor is not None:
        with turn:
            page = showup("GET", f"/appointments?updated_since={since}&limit=2&cursor={cursor}")
            for visit in page["data"]:
                write(visit)
        cursor = page["next_cursor"]
    run("UPDATE kept SET value = ? WHERE name = 'since'", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(begun)))


def hand_over(visit):
    person = {"name": visit["phone"], "phone": visit["phone"], "opt_in": {"channel": "sms", "source": "CRM"}}
    contact = showup("POST", "/contacts/batch", {"contacts": [person]})["data"][0]["id"]
    id = visit["id"]
    if not (id and visit["cancelled"]):
        wanted = {"contact_id": contact, "external_id": visit["external_id"], "starts_at": visit["wanted_at"], "minutes": 30}
        id = showup("POST", "/appointments", wanted)["id"]
    if visit["cancelled"]:
        showup("POST", f"/appointments/{id}/cancel")
    run("UPDATE visit SET id = ?, taken = ? WHERE external_id = ?", id, visit["wish"], visit["external_id"])
    look(id)


def work():
    while True:
        for visit in run("SELECT * FROM visit WHERE taken < wish"):
            try:
                hand_over(visit)
            except (OSError, RuntimeError, ValueError) as why:
                print(f"{visit['external_id']}: {why}; tried again", file=sys.stderr, flush=True)
        time.sleep(0.1)


class Ear(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        try:
            told = checker.verify(body, dict(self.headers))
            look(told["data"]["appointment_id"])
            run("INSERT OR IGNORE INTO heard VALUES (?, ?)", self.headers["webhook-id"], told["type"])
            self.send_response(204)
        except WebhookVerificationError:
            self.send_response(400)
        except (OSError, RuntimeError, ValueError):
            self.send_response(503)
        self.end_headers()

    def log_message(self, *_):
        pass


checker = Webhook(kept("secret", endpoint))
threading.Thread(target=ThreadingHTTPServer(("127.0.0.1", int(os.environ["CRM_PORT"])), Ear).serve_forever, daemon=True).start()
catch_up()
threading.Thread(target=work, daemon=True).start()

for line in sys.stdin:
    match line.split():
        case ["book", external_id, phone, at]:
            run("INSERT INTO visit (external_id, phone, wanted_at) VALUES (?, ?, ?)", external_id, phone, at)
        case ["move", external_id, at]:
            run("UPDATE visit SET wanted_at = ?, wish = wish + 1 WHERE external_id = ?", at, external_id)
        case ["cancel", external_id]:
            run("UPDATE visit SET cancelled = 1, wish = wish + 1 WHERE external_id = ?", external_id)
    visits = run("SELECT external_id, status, starts_at FROM visit ORDER BY external_id")
    heard = run("SELECT type FROM heard ORDER BY webhook_id")
    print(json.dumps({"visits": [dict(visit) for visit in visits], "heard": [one["type"] for one in heard]}), flush=True)
