// Users, their sessions, and what Synapse has to be told of them.

import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

import { ulid } from './ids.mjs';

/** Scopes of the client-server API, as the specification and MSC2967 write them. */
export const API = ['urn:matrix:client:api:*', 'urn:matrix:org.matrix.msc2967.client:api:*'];
const DEVICE = ['urn:matrix:client:device:', 'urn:matrix:org.matrix.msc2967.client:device:'];

/** The device id in a list of scopes. */
export function deviceOf(scopes) {
  for (const scope of scopes) {
    const prefix = DEVICE.find((it) => scope.startsWith(it));
    if (prefix) return scope.slice(prefix.length);
  }
  return undefined;
}

/** A request that a test or a client got wrong: status and body of the answer. */
export class Refused extends Error {
  constructor(status, body) {
    super(JSON.stringify(body));
    this.status = status;
    this.body = body;
  }
}

export class Accounts {
  #record;
  #users = new Map();
  /** Access token to session, of sessions that did not come by OAuth: they do not expire. */
  #compat = new Map();
  /** Id to session, of those that an administrator made to act as somebody; they have no device. */
  #personal = new Map();

  constructor(folder) {
    this.#record = path.join(folder, 'homeserver.json');
  }

  /** What the harness wrote down about this homeserver; its address is there once Synapse has one. */
  record() {
    return JSON.parse(fs.readFileSync(this.#record, 'utf8'));
  }

  find(localpart) {
    return this.#users.get(localpart);
  }

  /** The user behind whatever somebody types into a sign-in form. */
  entered(name, password) {
    const localpart = (name ?? '').replace(/^@/, '').split(':')[0];
    const user = this.#users.get(localpart);
    return user?.password === password ? user : undefined;
  }

  all() {
    return [...this.#users.values()];
  }

  byId(id) {
    return this.all().find((it) => it.id === id);
  }

  async create({ localpart, password }) {
    await this.#tell('provision_user', { localpart });
    this.#users.set(localpart, { id: ulid(), localpart, password, lifetime: 300, refreshes: 0 });
  }

  /** Begins a session that does not come by OAuth; an administrator's has these scopes, too. */
  async begin(localpart, device = `LB${randomBytes(5).toString('hex').toUpperCase()}`, name = undefined, scopes = []) {
    await this.upsert(localpart, device, name);
    const token = `mct_${randomBytes(16).toString('hex')}`;
    this.#compat.set(token, { id: ulid(), localpart, device, name, scopes: [API[0], ...scopes] });
    return { user_id: `@${localpart}:${this.record().server_name}`, device_id: device, access_token: token };
  }

  compat(token) {
    return this.#compat.get(token);
  }

  compatOf(localpart) {
    return [...this.#compat.values()].filter((it) => it.localpart === localpart);
  }

  /** Begins a personal session. */
  lend(localpart, name) {
    const id = ulid();
    this.#personal.set(id, { id, localpart, name });
  }

  personalOf(localpart) {
    return [...this.#personal.values()].filter((it) => it.localpart === localpart);
  }

  revoke(id) {
    this.#personal.delete(id);
  }

  upsert(localpart, device, name) {
    return this.#tell('upsert_device', { localpart, device_id: device, display_name: name });
  }

  /** Ends a session: no token of it works any more, and Synapse forgets the device. */
  async end(localpart, device) {
    for (const [token, session] of this.#compat) {
      if (session.localpart === localpart && session.device === device) this.#compat.delete(token);
    }
    await this.#tell('delete_device', { localpart, device_id: device });
  }

  /**
   * Has Synapse forget what it knows of a token. It remembers for two minutes that one is good, unless its device is not
   * there any more: so the device goes and comes back. Only for sessions without keys, which would go too.
   */
  async forget(localpart, device, token) {
    const { base_url: base } = this.record();
    const known = `${base}/_matrix/client/v3/devices/${encodeURIComponent(device)}`;
    const headers = { authorization: `Bearer ${token}` };
    const { display_name: name } = await (await fetch(known, { headers })).json();
    await this.#tell('delete_device', { localpart, device_id: device });
    await fetch(known, { headers });
    await this.upsert(localpart, device, name);
  }

  /** Synapse's side of the Matrix Authentication Service, `/_synapse/mas/`. */
  async #tell(what, body) {
    const { base_url: base, registration_shared_secret: secret } = this.record();
    const answer = await fetch(`${base}/_synapse/mas/${what}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`Synapse answers ${what} with ${answer.status}: ${await answer.text()}`);
  }
}
