// What is answered here before the provider is asked: [method, path, answer].
//
// An answer that is undefined goes on to the provider, null has been given already, a string is a page, and anything
// else is JSON.

import * as querystring from 'node:querystring';

import { Refused, deviceOf } from './accounts.mjs';
import { adminAnswers } from './admin.mjs';
import { expireTokens, expireUserCode, look, secretsOf } from './memory.mjs';
import * as pages from './pages.mjs';


export function answersOf(accounts, provider) {
  const bearer = (request) => /^Bearer (.*)$/.exec(request.headers.authorization ?? '')?.[1];
  const trusted = (request) => {
    if (bearer(request) !== accounts.record().registration_shared_secret) throw new Refused(401, { error: 'not you' });
  };
  const userOf = (localpart) => {
    const user = accounts.find(localpart);
    if (!user) throw new Refused(404, { error: `no user ${localpart}` });
    return user;
  };
  const harness = (answer) => async ({ request, body }) => {
    trusted(request);
    return (await answer(JSON.parse(body || '{}'))) ?? {};
  };
  /** Has the parsed body at hand for the provider, and does to the user what a test asked for. */
  const faulty = (find) => ({ request, body }) => {
    const form = querystring.parse(body);
    request.body = form;
    const fault = accounts.find(find(form)?.accountId)?.fault;
    if (fault) throw new Refused(fault.status, fault.body);
    return undefined;
  };
  const idOf = (token) => String(token ?? '');

  return [
    ['POST', /^\/harness\/users$/, harness((body) => accounts.create(body))],
    ['POST', /^\/harness\/sessions$/, harness((body) => accounts.begin(body.localpart, body.device_id, body.name, body.scopes))],
    ['POST', /^\/harness\/personal$/, harness(({ localpart, name }) => accounts.lend(userOf(localpart).localpart, name))],
    ['POST', /^\/harness\/change$/, harness(({ localpart, ...change }) => void Object.assign(userOf(localpart), change))],
    ['POST', /^\/harness\/look$/, harness(({ localpart }) => userOf(localpart))],
    ['POST', /^\/harness\/secrets$/, harness(({ localpart }) => ({ secrets: secretsOf(localpart) }))],
    ['POST', /^\/harness\/run-out$/, harness(async ({ localpart }) => {
      for (const { token, scopes } of expireTokens(localpart)) await accounts.forget(localpart, deviceOf(scopes), token);
    })],
    ['POST', /^\/harness\/expire$/, harness(({ user_code: code }) => ({ found: expireUserCode(code) }))],
    ['POST', /^\/harness\/forget-client$/, harness(({ client_id: id }) => provider.Client.adapter.destroy(id))],

    ['POST', /^\/oauth2\/introspect$/, async ({ request, body }) => {
      trusted(request);
      const { token } = querystring.parse(body);
      const compat = accounts.compat(token);
      if (compat) {
        return { active: true, scope: compat.scopes.join(' '), username: compat.localpart, sub: compat.localpart, device_id: compat.device };
      }
      const found = await provider.AccessToken.find(token);
      const grant = found && (await provider.Grant.find(found.grantId));
      if (!grant) return { active: false };
      const expires = found.remainingTTL;
      return { active: true, scope: found.scope, username: found.accountId, sub: found.accountId, expires_in: expires };
    }],
    ['POST', /^\/oauth2\/token$/, faulty((form) =>
      look('RefreshToken', idOf(form.refresh_token)) ?? look('AuthorizationCode', idOf(form.code)) ?? look('DeviceCode', idOf(form.device_code)))],
    ['POST', /^\/oauth2\/revoke$/, faulty((form) => look('RefreshToken', idOf(form.token)) ?? look('AccessToken', idOf(form.token)))],

    ['GET', /^\/interaction\//, async ({ request, response }) => {
      const { prompt, params } = await provider.interactionDetails(request, response);
      const client = await provider.Client.find(params.client_id);
      return prompt.name === 'login' ? pages.signIn() : pages.consent(client?.clientName ?? params.client_id, params.scope.split(' '));
    }],
    ['POST', /^\/interaction\//, async ({ request, response, body }) => {
      const { prompt, params, session } = await provider.interactionDetails(request, response);
      const form = querystring.parse(body);
      let result;
      if (prompt.name === 'login') {
        const user = accounts.entered(form.username, form.password);
        if (!user) return pages.signIn('Wrong user name or password.');
        result = { login: { accountId: user.localpart } };
      } else if (form.answer === 'allow') {
        const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
        for (const [resource, scopes] of Object.entries(prompt.details.missingResourceScopes ?? {})) {
          grant.addResourceScope(resource, scopes.join(' '));
        }
        grant.addOIDCScope((prompt.details.missingOIDCScope ?? []).join(' '));
        result = { consent: { grantId: await grant.save() } };
      } else {
        result = { error: 'access_denied', error_description: 'the person said no' };
      }
      await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
      return null;
    }],

    ['GET', /^\/account\/$/, ({ url }) => pages.account(url.searchParams.get('action'), url.searchParams.get('device_id'))],
    ['POST', /^\/account\/$/, async ({ url, body }) => {
      const form = querystring.parse(body);
      const user = accounts.entered(form.username, form.password);
      if (!user) throw new Refused(403, { error: 'wrong user name or password' });
      if (form.new_password) user.password = form.new_password;
      else await provider.endSession(user.localpart, url.searchParams.get('device_id'));
      return pages.page('Done', '');
    }],

    ...adminAnswers(accounts, provider, async (token) =>
      accounts.compat(token)?.scopes ?? (await provider.AccessToken.find(token))?.scope.split(' ')),

    // The sign-in of clients that do not speak OAuth.
    ['GET', /^\/_matrix\/client\/v3\/login$/, () => ({
      flows: [{ type: 'm.login.password' }, { type: 'm.login.sso', oauth_aware_preferred: true }],
    })],
    ['POST', /^\/_matrix\/client\/v3\/login$/, async ({ body }) => {
      const { identifier, password, device_id: device, initial_device_display_name: name } = JSON.parse(body);
      const user = accounts.entered(identifier?.user, password);
      if (!user) throw new Refused(403, { errcode: 'M_FORBIDDEN', error: 'Invalid username or password' });
      if (user.refusal) throw new Refused(user.refusal.status, user.refusal.body);
      return accounts.begin(user.localpart, device, name);
    }],
    ['POST', /^\/_matrix\/client\/v3\/logout$/, async ({ request }) => {
      const session = accounts.compat(bearer(request));
      // As the Matrix Authentication Service does with a token that came by OAuth, which stays valid.
      if (!session) throw new Refused(401, { errcode: 'M_UNKNOWN_TOKEN', error: 'Unknown token', soft_logout: false });
      await accounts.end(session.localpart, session.device);
      return {};
    }],
  ];
}
