from http.server import BaseHTTPRequestHandler, HTTPServer

from showup import showup
from standardwebhooks import Webhook, WebhookVerificationError


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        try:
            told = checker.verify(body, dict(self.headers))
            print(told["type"], told["data"]["id"], flush=True)
            self.send_response(204)
        except WebhookVerificationError:
            self.send_response(400)
        self.end_headers()


server = HTTPServer(("127.0.0.1", 0), Receiver)

# In earnest: an address with https that the world can reach, made once, and its secret kept.
url = f"http://127.0.0.1:{server.server_port}/"
hook = showup("POST", "/webhook-endpoints", {"url": url, "events": ["contact.created", "message.received"]})
checker = Webhook(hook["secret"])
print("ready", flush=True)
server.serve_forever()
