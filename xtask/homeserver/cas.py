"""Signs people in on a loopback port without asking for a password: cas.py PORT_FILE.

As much of a CAS server as Synapse's `cas_config` needs, protocol versions 1 and 2: `/login` shows a form with the name of
the user and sends the browser back to the service with a ticket, `/proxyValidate` tells whose ticket it is. The port is
chosen by the system and written to PORT_FILE.
"""

import html
import os
import secrets
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

FORM = '<!doctype html><form method="post"><input name="username"><button>Sign in</button></form>'
ANSWER = '<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas">{}</cas:serviceResponse>'
SUCCESS = "<cas:authenticationSuccess><cas:user>{}</cas:user></cas:authenticationSuccess>"
FAILURE = '<cas:authenticationFailure code="INVALID_TICKET">unknown ticket</cas:authenticationFailure>'


class Desk(BaseHTTPRequestHandler):
    """Answers the browser and Synapse."""

    # Ticket to user; each is valid once.
    tickets: dict[str, str] = {}

    def do_GET(self) -> None:
        path, query = self.asked()
        if path == "/proxyValidate":
            user = self.tickets.pop(query.get("ticket", [""])[0], None)
            self.answer("application/xml", ANSWER.format(FAILURE if user is None else SUCCESS.format(html.escape(user))))
        else:
            self.answer("text/html", FORM)

    def do_POST(self) -> None:
        _, query = self.asked()
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        ticket = "ST-" + secrets.token_hex(16)
        self.tickets[ticket] = form["username"][0]
        service = query["service"][0]
        self.send_response(302)
        self.send_header("Location", service + ("&" if "?" in service else "?") + urlencode({"ticket": ticket}))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def asked(self) -> tuple[str, dict[str, list[str]]]:
        url = urlsplit(self.path)
        return url.path, parse_qs(url.query)

    def answer(self, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def serve(port_file: Path) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
    for number in (signal.SIGTERM, signal.SIGINT):
        # It waits for the loop, which runs in this thread.
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    partial = port_file.with_name("." + port_file.name)
    partial.write_text(str(server.server_port))
    os.rename(partial, port_file)
    server.serve_forever()


if __name__ == "__main__":
    os.umask(0o077)
    serve(Path(sys.argv[1]))
