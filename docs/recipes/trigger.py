from urllib.parse import urlencode

from showup import showup

wish = urlencode({"to": "+14155550171", "reference": "recall-4711"})
sent = showup("POST", f"/trigger/recall?{wish}")
print(sent["body"])
