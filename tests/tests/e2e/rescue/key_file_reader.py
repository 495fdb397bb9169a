"""Opens a key file as the specification says ("Key exports") and prints the room keys in it."""

import base64
import hmac
import json
import sys

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

path, passphrase = sys.argv[1:]
lines = open(path, encoding="ascii").read().split("\n")
assert lines[0] == "-----BEGIN MEGOLM SESSION DATA-----", lines[0]
assert lines[-2:] == ["-----END MEGOLM SESSION DATA-----", ""], lines[-2:]
data = base64.b64decode("".join(lines[1:-2]), validate=True)
version, salt, iv, rounds = data[0], data[1:17], data[17:33], int.from_bytes(data[33:37], "big")
assert version == 1 and rounds >= 100_000 and iv[8] & 0x80 == 0
keys = PBKDF2HMAC(hashes.SHA512(), 64, salt, rounds).derive(passphrase.encode())
assert hmac.digest(keys[32:], data[:-32], "sha256") == data[-32:], "the sum does not fit"
cipher = Cipher(algorithms.AES(keys[:32]), modes.CTR(iv)).decryptor()
print(json.dumps(json.loads(cipher.update(data[37:-32]) + cipher.finalize())))
