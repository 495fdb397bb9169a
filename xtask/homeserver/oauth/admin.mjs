// The Admin API of the Matrix Authentication Service, as far as tests need it, with real users and sessions behind it.
//
// Paths, parameters, fields and errors are those of docs/api/spec.json and docs/topics/admin-api.md of
// element-hq/matrix-authentication-service; the statuses of a token that will not do are those of its
// crates/handlers/src/admin/call_context.rs.

import { Refused } from './accounts.mjs';
import { ulid } from './ids.mjs';
import { browsersOf, forgetBrowser } from './memory.mjs';

/** The scope that opens this API. */
export const ADMIN = 'urn:mas:admin';

/** As many as come in one answer at most, so that tests see more than one page. */
const PAGE = 2;
const refused = (status, title) => new Refused(status, { errors: [{ title }] });
const resource = (type, { id, ...attributes }) => ({ type, id, attributes, links: { self: `/api/admin/v1/${type}s/${id}` } });

export function adminAnswers(accounts, provider, scopesOf) {
  const guarded = (answer) => async (asked) => {
    const token = /^Bearer (.*)$/.exec(asked.request.headers.authorization ?? '')?.[1];
    if (!token) throw refused(400, 'Missing authorization header');
    const scopes = await scopesOf(token);
    if (!scopes) throw refused(401, 'Unknown access token');
    if (!scopes.includes(ADMIN)) throw refused(401, 'Missing urn:mas:admin scope');
    return answer({ ...asked, parts: asked.url.pathname.split('/').slice(4) });
  };
  const byId = (id) => {
    const user = accounts.byId(id);
    if (!user) throw refused(404, `User ID ${id} not found`);
    return user;
  };
  const listed = (type, of, whose = 'user') => guarded(({ url }) => {
    const query = url.searchParams;
    const all = of(byId(query.get(`filter[${whose}]`)));
    const from = all.findIndex(({ id }) => id === query.get('page[after]')) + 1;
    const page = all.slice(from, from + Math.min(PAGE, Number(query.get('page[first]') ?? 10)));
    const next = from + page.length < all.length ? { next: `${url.pathname}?page[after]=${page.at(-1)?.id}` } : {};
    return { meta: { count: all.length }, data: page.map((it) => resource(type, it)), links: { self: url.pathname, ...next } };
  });
  const path = (name) => new RegExp(`^/api/admin/v1/${name}$`);
  /** A kind of session: [name, those of a user, how one ends, and the words of the API for whose it is and for its end]. */
  const kinds = [
    ['compat-session', ({ localpart }) => accounts.compatOf(localpart).map(({ id, device, name }) => (
      { id, device_id: device, human_name: name ?? null, user_agent: null, finished_at: null, last_active_at: '2026-11-20T08:00:00.25Z' })),
      ({ localpart }, { device_id: device }) => accounts.end(localpart, device)],
    ['oauth2-session', ({ localpart }) => provider.sessionsOf(localpart).map(({ id, device, client }) => (
      { id, client_id: client, scope: `openid urn:matrix:client:device:${device}`, device, user_agent: 'Lifeboat', finished_at: null, last_active_at: null })),
      ({ localpart }, { device }) => provider.endSession(localpart, device)],
    ['user-session', ({ localpart }) => browsersOf(localpart, ulid).map((id) => (
      { id, user_agent: 'Mozilla/5.0', finished_at: null, last_active_at: '2026-11-21T08:00:00Z' })),
      (_, { id }) => forgetBrowser(id)],
    ['personal-session', ({ id: actor, localpart }) => accounts.personalOf(localpart).map(({ id, name }) => (
      { id, owner_user_id: null, owner_client_id: ulid(), actor_user_id: actor, human_name: name, scope: 'urn:matrix:client:api:*',
        revoked_at: null, last_active_at: null, last_active_ip: null, expires_at: null })),
      (_, { id }) => accounts.revoke(id), 'actor_user', 'revoke'],
  ];

  return [
    ['GET', path('site-config'), guarded(() => ({
      server_name: accounts.record().server_name, password_login_enabled: true, account_recovery_allowed: false,
      minimum_password_complexity: 3,
    }))],
    ['GET', path('users/by-username/[^/]+'), guarded(({ parts }) => {
      const name = decodeURIComponent(parts.at(-1));
      const user = accounts.find(name);
      if (!user) throw refused(404, `User with username "${name}" not found`);
      const { id, locked_at: locked = null } = user;
      return { data: resource('user', {
        id, username: name, created_at: '2026-11-01T00:00:00Z', locked_at: locked, deactivated_at: null, admin: false,
        legacy_guest: false,
      }) };
    })],
    ['POST', path('users/[^/]+/set-password'), guarded(({ parts, body, response }) => {
      const user = byId(parts.at(-2));
      const { password } = JSON.parse(body);
      if (password.length < 8) throw refused(400, 'Password is too weak');
      user.password = password;
      response.writeHead(204).end();
      return null;
    })],
    ['GET', path('user-emails'), listed('user-email', ({ email }) => email ? [
      { id: ulid(), created_at: '2026-11-01T00:00:00Z', email }] : [])],
    ['GET', path('upstream-oauth-links'), listed('upstream-oauth-link', () => [])],
    ...kinds.flatMap(([name, of, end, whose = 'user', word = 'finish']) => [
      ['GET', path(`${name}s`), listed(name, of, whose)],
      ['POST', path(`${name}s/[^/]+/${word}`), guarded(async ({ parts }) => {
        const id = parts.at(-2);
        const [user, session] = accounts.all().flatMap((user) => of(user).map((it) => [user, it])).find(([, it]) => it.id === id) ?? [];
        if (!session) throw refused(404, `Session with ID ${id} not found`);
        await end(user, session);
        return { data: resource(name, { ...session, [word === 'finish' ? 'finished_at' : 'revoked_at']: '2026-11-26T00:00:00Z' }) };
      })],
    ]),
  ];
}
