// Where the provider keeps what it issues: in memory, for as long as it runs.

const kept = new Map();
const byUserCode = new Map();
const byUid = new Map();
const byGrant = new Map();

/** What is kept under a name and an id, if anything. */
export const look = (name, id) => kept.get(`${name}:${id}`);

/** See the provider's documentation, "Adapter". */
export class Memory {
  constructor(name) {
    this.name = name;
  }

  #key(id) {
    return `${this.name}:${id}`;
  }

  async upsert(id, payload) {
    const key = this.#key(id);
    kept.set(key, payload);
    if (payload.userCode) byUserCode.set(payload.userCode, key);
    if (this.name === 'Session') byUid.set(payload.uid, key);
    if (payload.grantId) byGrant.set(payload.grantId, (byGrant.get(payload.grantId) ?? new Set()).add(key));
  }

  async find(id) {
    return kept.get(this.#key(id));
  }

  async findByUserCode(code) {
    return kept.get(byUserCode.get(code));
  }

  async findByUid(uid) {
    return kept.get(byUid.get(uid));
  }

  async consume(id) {
    kept.get(this.#key(id)).consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    kept.delete(this.#key(id));
  }

  async revokeByGrantId(grant) {
    for (const key of byGrant.get(grant) ?? []) kept.delete(key);
    byGrant.delete(grant);
  }
}

/** Makes the access tokens of an account run out now, and returns them with their scopes. */
export function expireTokens(accountId) {
  const own = ([key, token]) => key.startsWith('AccessToken:') && token.accountId === accountId && token.exp > 1;
  return [...kept].filter(own).map(([key, token]) => {
    token.exp = 1;
    return { token: key.slice('AccessToken:'.length), scopes: token.scope.split(' ') };
  });
}

/** Every token and code of an account that would let somebody in. */
export function secretsOf(accountId) {
  const secret = /^(AccessToken|RefreshToken|AuthorizationCode|DeviceCode):(.*)$/;
  return [...kept].filter(([, payload]) => payload.accountId === accountId).flatMap(([key]) => secret.exec(key)?.[2] ?? []);
}

/** The browsers that are signed in to an account, by ids that `newId` makes. */
export function browsersOf(accountId, newId) {
  const own = ([key, session]) => key.startsWith('Session:') && session.accountId === accountId;
  return [...kept].filter(own).map(([, session]) => (session.adminId ??= newId()));
}

/** Signs a browser out. */
export function forgetBrowser(id) {
  for (const [key, session] of kept) if (key.startsWith('Session:') && session.adminId === id) kept.delete(key);
}

/** Makes a device code run out now. */
export function expireUserCode(code) {
  const payload = kept.get(byUserCode.get(code.replaceAll('-', '')));
  if (payload) payload.exp = 1;
  return payload !== undefined;
}
