from urllib.parse import quote_plus

from showup import showup

ann = showup("GET", f"/contacts?search={quote_plus('+14155550171')}")["data"][0]

wanted = {"contact_id": ann["id"], "external_id": "crm-4711", "starts_at": "2027-01-05T15:00:00Z", "minutes": 30}
visit = showup("POST", "/appointments", wanted)

moved = showup("PATCH", f"/appointments/{visit['id']}", {"starts_at": "2027-01-06T15:00:00Z", "tell": True})
print(moved["starts_at"])

cancelled = showup("POST", f"/appointments/{visit['id']}/cancel")
print(cancelled["status"])
