"""Writes ../../../twilio/vectors/shared_keys.json: what Twilio's own SDK signs with a shared key, and what must not be believed.

Run once, in a throw-away environment with `pip install twilio==9.13.0`; the file is kept. Each case that is to be believed was believed by the
SDK's RequestValidator here, too.
"""

import hashlib
import json
import pathlib
from urllib.parse import urlencode

from twilio import __version__
from twilio.request_validator import RequestValidator, get_signature_algorithm

SOURCE = f"twilio-python {__version__}"
TOKEN, SECRET, OTHER = "12345", "a-shared-secret", "another-shared-secret"
ID = "webhooks_sharedkey_01"
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
FORM = "application/x-www-form-urlencoded"
SMS = {"MessageSid": "SM00112233445566778899aabbccddeeff", "From": "+14155550100", "To": "+15550001111", "Body": "Y"}
SETTINGS = f"key={ID},algorithm=HMAC_SHA256"
cases = []


class Many(dict):
    """Parameters of which one may have several values, as the SDK takes them from a web framework."""

    def getall(self, name):
        return self[name] if isinstance(self[name], list) else [self[name]]


def sign(secret, algorithm="HMAC_SHA256", url=URL, params=None):
    return RequestValidator(secret).compute_signature(url, Many(SMS if params is None else params), algorithm)


def add(why, expect="ok", secret=SECRET, settings=SETTINGS, signature=None, url=URL, signed=None, params=None, **more):
    params = SMS if params is None else params
    signature = sign(secret, url=signed or url, params=params) if signature is None else signature
    case = {
        "why": f"{why} ({SOURCE})", "tokens": [TOKEN], "shared_keys": [[ID, SECRET]], "settings": settings, "url": url,
        "content_type": FORM, "body": urlencode(params, doseq=True), "signature": signature, "expect": expect, **more,
    }
    if expect == "ok" and case["content_type"] == FORM and "@" not in url:
        algorithm = get_signature_algorithm(settings)
        used = TOKEN if algorithm == "HMAC_SHA1" else secret
        assert RequestValidator(used).validate(url, Many(params), signature, algorithm), why
    cases.append(case)


# Believed.
add("an ordinary text")
add("white space around the parts and their values", settings=f" key = {ID} , algorithm = HMAC_SHA256 ")
add("the parts the other way round", settings=f"algorithm=HMAC_SHA256,key={ID}")
add("parts that nobody knows yet", settings=f"version=2,{SETTINGS},nonsense")
add("empty parts", settings=f",,{SETTINGS},")
add("several keys, the first", shared_keys=[[ID, SECRET], ["other", OTHER]])
add("several keys, the last", shared_keys=[["other", OTHER], [ID, SECRET]])
add("no auth token is known", tokens=[])
add("signed with the standard port, seen without", signed=URL.replace(".com", ".com:443"))
add("signed without a port, seen with the standard one", url=URL.replace(".com", ".com:443"), signed=URL)
add("UTF-8: emoji, accents and Cyrillic", params={**SMS, "Body": "👍 Ja, gerne – Zoë, до завтра"})
add("repeated values collapse and sort", params={"Sid": "CA123", "Digits": ["5678", "1234", "1234"]})
add("blanks at both ends and line ends are kept", params={**SMS, "Body": "  see you\r\n"})
add("empty values are signed by their names", params={**SMS, "FromCity": ""})
add("a secret of many kinds of characters", secret="sécret 🔑 =", shared_keys=[[ID, "sécret 🔑 ="]])
body = '{"property": "value", "boolean": true}'
json_url = f"{URL}&bodySHA256={hashlib.sha256(body.encode()).hexdigest()}"
add("a JSON body is signed by its hash in the query", url=json_url, params={}, content_type="application/json", body=body)
OLD = sign(TOKEN, "HMAC_SHA1")
add("without the header it is SHA-1 with the auth token", settings=None, signature=OLD)
add("the same with an empty header", settings="", signature=OLD)
add("the same with blanks", settings="  ", signature=OLD)
add("the same when it names that algorithm", settings="algorithm=HMAC_SHA1", signature=OLD)
add("the same with an empty algorithm", settings="algorithm=", signature=OLD)
add("a key without an algorithm means SHA-1 with the auth token", settings=f"key={ID}", signature=OLD)
add("the previous auth token, while it is being rotated", settings=None, signature=OLD, tokens=["new-token", TOKEN])

# Not to be believed.
add("another secret", "wrong", secret=OTHER)
add("another key's secret under this key's id", "wrong", secret=OTHER, shared_keys=[[ID, SECRET], ["other", OTHER]])
add("SHA-256 with the auth token", "wrong", secret=TOKEN)
add("SHA-256 with the auth token, and no key named", "settings", secret=TOKEN, settings="algorithm=HMAC_SHA256")
add("SHA-256 with the auth token, and an empty key", "settings", secret=TOKEN, settings="key=,algorithm=HMAC_SHA256")
add("SHA-1 with the shared key's secret, said to be SHA-256", "wrong", signature=sign(SECRET, "HMAC_SHA1"))
add("SHA-1 with the shared key's secret, without a header", "wrong", settings=None, signature=sign(SECRET, "HMAC_SHA1"))
add("SHA-1 with the shared key's secret, its id and no algorithm", "wrong", settings=f"key={ID}", signature=sign(SECRET, "HMAC_SHA1"))
add("SHA-1 with the shared key's secret, and the header says so", "settings", settings=f"key={ID},algorithm=HMAC_SHA1", signature=sign(SECRET, "HMAC_SHA1"))
add("SHA-1 with the auth token while a key is named", "settings", settings=f"key={ID},algorithm=HMAC_SHA1", signature=OLD)
add("SHA-256 with the shared key, without a header", "wrong", settings=None)
add("an unknown key", "settings", settings="key=nobody,algorithm=HMAC_SHA256")
add("no shared key at all", "settings", shared_keys=[])
add("a key whose secret is empty", "wrong", secret="", shared_keys=[[ID, ""]])
add("the id in capitals", "settings", settings=f"key={ID.upper()},algorithm=HMAC_SHA256")
for algorithm in ["HMAC_SHA512", "HMAC_MD5", "none", "SHA256", "hmac_sha256", "HMAC_SHA256;x", "HMAC_SHA256 HMAC_SHA1"]:
    add(f"an algorithm that is not known: {algorithm}", "settings", settings=f"key={ID},algorithm={algorithm}")
add("two algorithms", "settings", settings=f"{SETTINGS},algorithm=HMAC_SHA1")
add("the same algorithm twice", "settings", settings=f"{SETTINGS},algorithm=HMAC_SHA256")
add("two keys", "settings", settings=f"key=other,{SETTINGS}", shared_keys=[[ID, SECRET], ["other", OTHER]])
add("a changed body", "wrong", body=urlencode({**SMS, "Body": "N"}))
add("another path", "wrong", url=URL.replace("myapp", "other"), signed=URL)
add("no signature", "missing", signature="")
add("a JSON body that is not the one that was hashed", "body_hash", url=json_url, params={}, content_type="application/json", body=body.replace("true", "false"))

path = pathlib.Path(__file__).parent / "../../../twilio/vectors/shared_keys.json"
path.write_text(json.dumps(cases, indent=1, ensure_ascii=False) + "\n")
print(len(cases), "cases")
