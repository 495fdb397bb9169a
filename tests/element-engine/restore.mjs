// Restores a key backup as Element Web does: decrypts entry after entry and imports them in groups of 200, here into
// the engine's store in memory, which is faster than the browser's database.
//
// Takes a listing (the answer of GET /_matrix/client/v3/room_keys/keys) and a file with the backup key in base64.
// Prints {"entries": …, "imported": …, "seconds": …}; reading the files is not measured.
import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import {
  BackupDecryptionKey,
  DeviceId,
  OlmMachine,
  RoomId,
  UserId,
} from "@matrix-org/matrix-sdk-crypto-wasm";

const GROUP = 200;

const [listingFile, keyFile] = process.argv.slice(2);
const listing = readFileSync(listingFile, "utf8");
const key = BackupDecryptionKey.fromBase64(readFileSync(keyFile, "utf8").trim());
const machine = await OlmMachine.initialize(new UserId("@mira:example.org"), new DeviceId("BENCH"));

let [entries, imported, group, size] = [0, 0, new Map(), 0];

async function importGroup() {
  const keys = new Map();
  for (const [room, sessions] of group) keys.set(new RoomId(room), sessions);
  const result = await machine.importBackedUpRoomKeys(keys, undefined, "1");
  imported += result.importedCount;
  [group, size] = [new Map(), 0];
}

const start = performance.now();
const { rooms } = JSON.parse(listing);
for (const [room, { sessions }] of Object.entries(rooms)) {
  for (const [id, { session_data }] of Object.entries(sessions)) {
    const { ephemeral, mac, ciphertext } = session_data;
    const roomKey = JSON.parse(key.decryptV1(ephemeral, mac, ciphertext));
    roomKey.session_id = id;
    roomKey.room_id = room;
    if (!group.has(room)) group.set(room, new Map());
    group.get(room).set(id, roomKey);
    entries += 1;
    size += 1;
    if (size === GROUP) await importGroup();
  }
}
if (size > 0) await importGroup();
const seconds = (performance.now() - start) / 1000;
console.log(JSON.stringify({ entries, imported, seconds }));
