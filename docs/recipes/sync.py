from showup import showup

since = "2025-01-01T00:00:00Z"
cursor = ""
while cursor is not None:
    page = showup("GET", f"/appointments?updated_since={since}&limit=100&cursor={cursor}")
    for visit in page["data"]:
        print(visit["id"], visit["status"])
    cursor = page["next_cursor"]
