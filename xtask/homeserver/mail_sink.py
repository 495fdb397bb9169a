"""Takes every mail on a loopback port and files it: mail_sink.py MAIL_FOLDER PORT_FILE.

Each message becomes one file, `000001.eml` and so on in the order of arrival, complete from the moment it is visible.
The port is chosen by the system and written to PORT_FILE.
"""

import asyncio
import itertools
import os
import signal
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP


def publish(path: Path, content: bytes) -> None:
    """Makes the file appear with its whole content."""
    partial = path.with_name("." + path.name)
    partial.write_bytes(content)
    os.rename(partial, path)


class Filing:
    """Files each accepted message, headers first with the envelope's addresses."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.numbers = itertools.count(1)

    async def handle_DATA(self, server, session, envelope) -> str:
        head = "".join(f"X-Envelope-To: {address}\r\n" for address in envelope.rcpt_tos)
        publish(self.folder / f"{next(self.numbers):06}.eml", head.encode() + envelope.content)
        return "250 filed"


async def serve(folder: Path, port_file: Path) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    handler = Filing(folder)
    server = await loop.create_server(
        lambda: SMTP(handler, hostname="localhost", enable_SMTPUTF8=True, loop=loop), "127.0.0.1", 0
    )
    publish(port_file, str(server.sockets[0].getsockname()[1]).encode())
    await stop.wait()
    server.close()


if __name__ == "__main__":
    os.umask(0o077)
    asyncio.run(serve(Path(sys.argv[1]), Path(sys.argv[2])))
