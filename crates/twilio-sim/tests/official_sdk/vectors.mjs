// Writes ../../../twilio/vectors/signature.json: what Twilio's own SDK signs, and what must not be believed.
// Run once with `npm run vectors`; the file is kept.
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import twilio from "twilio";

const { getExpectedTwilioSignature: sign } = twilio;
const TOKEN = "12345";
const URL = "https://mycompany.com/myapp.php?foo=1&bar=2";
const FORM = "application/x-www-form-urlencoded";
const CALL = {
  CallSid: "CA1234567890ABCDE", Digits: "1234", From: "+14158675309", To: "+18005551212", Caller: "+14158675309",
};
const JSON_BODY = '{"property": "value", "boolean": true}';
const hash = (text) => createHash("sha256").update(text).digest("hex");

function encode(params) {
  const form = new URLSearchParams();
  for (const [name, values] of Object.entries(params)) for (const value of [values].flat()) form.append(name, value);
  return form.toString();
}

const cases = [];
const add = (why, given) =>
  cases.push({ why, tokens: [TOKEN], url: URL, content_type: FORM, body: "", expect: "ok", ...given });
/** A form that the SDK signs for `signed` (or `url`). */
const form = (why, params, { signed, ...given } = {}) =>
  add(why, { body: encode(params), signature: sign(TOKEN, signed ?? given.url ?? URL, params), ...given });

// Vectors of the official SDKs' own tests (twilio.md 3.1.8).
const known = (why, signature, url = URL, body = encode(CALL)) => add(why, { url, signature, body });
known("the plain case", "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
known("signed with the standard port, seen without", "kvajT1Ptam85bY51eRf/AJRuM3w=");
known("signed with the standard port, seen with it", "kvajT1Ptam85bY51eRf/AJRuM3w=", URL.replace(".com", ".com:443"));
known("signed without a port, seen with the standard one", "RSOYDt4T1cUTdK1PDd93/VVr8B8=", URL.replace(".com", ".com:443"));
known("signed without a port, seen with an unusual one", "RSOYDt4T1cUTdK1PDd93/VVr8B8=", URL.replace(".com", ".com:1234"));
known("http signed with port 80, seen without", "0ZXoZLH/DfblKGATFgpif+LLRf4=", URL.replace("https", "http"));
known("http signed with port 80, seen with it", "0ZXoZLH/DfblKGATFgpif+LLRf4=", URL.replace("https", "http").replace(".com", ".com:80"));
known("http with an unusual port", "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=", URL.replace("https", "http").replace(".com", ".com:1234"));
known("repeated values collapse and sort", "IK+Dwps556ElfBT0I3Rgjkr1wJU=", URL, "Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234");
known("the order of arrival does not matter", "IK+Dwps556ElfBT0I3Rgjkr1wJU=", URL, "Digits=1234&SidAccount=AC123&Digits=1234&Sid=CA123&Digits=5678");
add("a JSON body is signed by its hash in the query", {
  url: `${URL}&bodySHA256=${hash(JSON_BODY)}`, signature: "a9nBmqA0ju/hNViExpshrM61xv4=", content_type: "application/json", body: JSON_BODY,
});

// Signed by the SDK.
const SMS = { MessageSid: "SM00112233445566778899aabbccddeeff", From: "+14155550100", To: "+15550001111", Body: "Y" };
form("an ordinary text", SMS);
form("empty values are signed by their names", { ...SMS, FromCity: "", ToZip: "" });
form("no parameters at all", {});
form("UTF-8: emoji, accents and Cyrillic", { ...SMS, Body: "👍 Ja, gerne – Zoë, до завтра" });
form("blanks at both ends and line ends are kept", { ...SMS, Body: "  see you\r\n" });
form("plus, percent, ampersand and equals in a value", { ...SMS, Body: "1+1=2 & 50%25 off+" });
form("names that start alike sort by the whole name", { A: "1", AA: "2", B: "3", a: "4", A1: "5" });
form("a name ends where another one's value begins", { ab: "c", a: "bc" });
form("parameters unknown today are signed too", { ...SMS, SomethingNew: "x" });
form("a long value", { ...SMS, Body: "x".repeat(1000) });
form("user and password in the URL, with a port", SMS, { url: "https://user:pw@h.example:8443/x" });
form("user and password in the URL, signed without the port", SMS, { url: "https://user:pw@h.example:8443/x", signed: "https://user:pw@h.example/x" });
form("an IPv6 host is not cut at its colons", SMS, { url: "https://[2001:db8::1]/x", signed: "https://[2001:db8::1]:443/x" });
form("an IPv6 host loses only its port", SMS, { url: "https://[2001:db8::1]:8443/x", signed: "https://[2001:db8::1]/x" });
form("a query without a path", SMS, { url: "https://h.example?x=1" });
form("a query's own encoding is kept", SMS, { url: "https://h.example/s?m=a%20b%2Bc%40d%3A" });
form("a query signed as it was written, with characters a browser would encode", SMS, { url: "https://h.example/s?m=it's|ok" });
form("a query signed after a browser's encoding", SMS, { url: "https://h.example/s?m=it's", signed: "https://h.example/s?m=it%27s" });
form("a query signed after decoding and encoding again", SMS, { url: "https://h.example/s?m=a+b@c:d", signed: "https://h.example/s?m=a%20b%40c%3Ad" });
form("the same, with the standard port", SMS, { url: "https://h.example/s?m=a+b@c:d", signed: "https://h.example:443/s?m=a%20b%40c%3Ad" });
form("a fragment (Twilio's place for options) is not signed", SMS, { url: `${URL}#rc=5&rp=all`, signed: URL });
form("a content type with a charset", SMS, { content_type: "application/x-www-form-urlencoded; charset=UTF-8" });
form("a content type in capitals", SMS, { content_type: "Application/X-WWW-Form-URLencoded" });
add("percent-encoding in small letters and spaces as %20 decode to the same", { body: "Body=a%20b%c3%a9%2b", signature: sign(TOKEN, URL, { Body: "a bé+" }) });
add("a GET webhook has no body: only the URL is signed", { content_type: null, signature: sign(TOKEN, URL, {}) });
form("the previous token still counts while it is being rotated", SMS, { tokens: ["new-token", TOKEN] });
form("an empty token among the tokens is skipped", SMS, { tokens: ["", TOKEN] });

// Not to be believed.
const signed = sign(TOKEN, URL, SMS);
form("no signature", SMS, { signature: null, expect: "missing" });
form("an empty signature", SMS, { signature: "", expect: "missing" });
form("not a signature", SMS, { signature: "AAAA", expect: "wrong" });
form("another account's token", SMS, { tokens: ["other"], expect: "wrong" });
form("no token is known", SMS, { tokens: [], expect: "wrong" });
form("an empty token never counts, even if the signature was made with it", SMS, { tokens: [""], signature: sign("", URL, SMS), expect: "wrong" });
add("a changed body", { body: encode({ ...SMS, Body: "N" }), signature: signed, expect: "wrong" });
add("a parameter added", { body: encode({ ...SMS, Extra: "" }), signature: signed, expect: "wrong" });
add("a parameter left out", { body: encode({ ...SMS, Body: [] }), signature: signed, expect: "wrong" });
add("blanks trimmed on the way", { body: encode({ Body: "x" }), signature: sign(TOKEN, URL, { Body: " x " }), expect: "wrong" });
form("another path", SMS, { url: URL.replace("myapp", "other"), signed: URL, expect: "wrong" });
form("another query", SMS, { url: `${URL}3`, signed: URL, expect: "wrong" });
form("http instead of https", SMS, { url: URL.replace("https", "http"), signed: URL, expect: "wrong" });
form("another unusual port than the one that was signed", SMS, { url: URL.replace(".com", ".com:1234"), signed: URL.replace(".com", ".com:5678"), expect: "wrong" });
const jsonUrl = `${URL}&bodySHA256=${hash(JSON_BODY)}`;
const json = { url: jsonUrl, content_type: "application/json", signature: sign(TOKEN, jsonUrl, {}) };
add("a JSON body that is not the one that was hashed", { ...json, body: JSON_BODY.replace("true", "false"), expect: "body_hash" });
add("a JSON body under a URL without a hash", { url: URL, content_type: "application/json", body: JSON_BODY, signature: sign(TOKEN, URL, {}), expect: "body_hash" });
add("a body without a content type under a URL without a hash", { content_type: null, body: "Body=Y", signature: sign(TOKEN, URL, {}), expect: "body_hash" });
add("the right hash under a wrong signature", { ...json, body: JSON_BODY, signature: sign("other", jsonUrl, {}), expect: "wrong" });
add("the hash was put into the query by somebody else", { ...json, url: jsonUrl, body: JSON_BODY, signature: sign(TOKEN, URL, {}), expect: "wrong" });
add("a JSON request's signature does not cover a form sent in its place", { ...json, content_type: FORM, body: "Body=Y", expect: "wrong" });

writeFileSync(new globalThis.URL("../../../twilio/vectors/signature.json", import.meta.url), `${JSON.stringify(cases, null, 1)}\n`);
console.log(`${cases.length} cases`);
