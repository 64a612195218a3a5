from urllib.parse import quote_plus

from showup import showup

ann = showup("GET", f"/contacts?search={quote_plus('+14155550171')}")["data"][0]
text = {"contact_id": ann["id"], "body": "Your glasses are here."}

showup("POST", "/messages", text, once="order-4711")
# Asked again, perhaps by another run: it is the same text.
again = showup("POST", "/messages", text, once="order-4711")

now = showup("GET", f"/messages/{again['id']}")
print(now["body"])
