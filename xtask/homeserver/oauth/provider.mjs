// The authorization server: oidc-provider with what Matrix clients need of it.

import { generateKeyPairSync, randomBytes } from 'node:crypto';

import { Provider } from 'oidc-provider';

import { API, deviceOf } from './accounts.mjs';
import { ulid } from './ids.mjs';
import { Memory } from './memory.mjs';
import { page } from './pages.mjs';

/** The resource that Matrix scopes belong to. */
const MATRIX = 'urn:matrix:homeserver';

export function makeProvider(issuer, accounts) {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  /** Grant to session, so that a revoked grant ends its device. */
  const sessions = new Map();
  /** The provider does not wait for those who listen to its events; the answer to a sign-out must. */
  const ending = [];

  const provider = new Provider(issuer, {
    adapter: Memory,
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig' }] },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    scopes: ['openid'],
    responseTypes: ['code'],
    clientAuthMethods: ['none'],
    // A client that only knows device codes has no response type.
    clientDefaults: { response_types: [], grant_types: ['authorization_code'], token_endpoint_auth_method: 'none' },
    pkce: { required: () => true },
    findAccount: (_, id) => accounts.find(id) && { accountId: id, claims: () => ({ sub: id }) },
    issueRefreshToken: (_, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    expiresWithSession: () => false,
    revokeGrantPolicy: () => true,
    ttl: {
      AccessToken: (_, token) => accounts.find(token.accountId)?.lifetime ?? 300,
      AuthorizationCode: 60,
      DeviceCode: 600,
      Grant: 86400,
      Interaction: 600,
      RefreshToken: 86400,
      Session: 86400,
    },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    routes: {
      authorization: '/authorize',
      token: '/oauth2/token',
      registration: '/oauth2/registration',
      revocation: '/oauth2/revoke',
      device_authorization: '/oauth2/device',
      code_verification: '/link',
      jwks: '/oauth2/keys.json',
    },
    discovery: {
      account_management_uri: `${issuer}account/`,
      account_management_actions_supported: [
        'org.matrix.profile', 'org.matrix.devices_list', 'org.matrix.device_view', 'org.matrix.device_delete',
        'org.matrix.cross_signing_reset',
      ],
    },
    features: {
      devInteractions: { enabled: false },
      registration: { enabled: true },
      revocation: { enabled: true },
      deviceFlow: {
        enabled: true,
        userCodeInputSource: (ctx, form, _, error) =>
          error?.name === 'AbortedError'
            ? show(ctx, 'Declined', '<p>You said no.</p>')
            : show(ctx, 'Enter the code', `${error?.name ?? ''}${form}<button form="op.deviceInputForm">Continue</button>`),
        userCodeConfirmSource: (ctx, form, client, _, code) =>
          show(ctx, 'Is this your code?', `<p>${client.clientName}: ${code}</p>${form}<button form="op.deviceConfirmForm">Yes</button>`),
        successSource: (ctx) => show(ctx, 'Done', '<p>You can close this page.</p>'),
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => MATRIX,
        useGrantedResource: () => true,
        getResourceServerInfo: (ctx) => ({ scope: scopesOf(ctx).join(' '), accessTokenFormat: 'opaque' }),
      },
    },
    renderError: (ctx, out) => show(ctx, 'Something went wrong', `<p>${out.error}: ${out.error_description ?? ''}</p>`),
  });

  provider.on('grant.revoked', (_, grant) => {
    const session = sessions.get(grant);
    sessions.delete(grant);
    if (session) ending.push(accounts.end(session.localpart, session.device));
  });
  provider.on('server_error', (_, error) => console.error(error));

  provider.use(async (ctx, next) => {
    await next();
    const { route, entities = {}, client } = ctx.oidc ?? {};
    if (route === 'token' && ctx.status === 200) {
      const { grantId, accountId, scope } = entities.AccessToken;
      const device = deviceOf(scope.split(' '));
      if (entities.RotatedRefreshToken) accounts.find(accountId).refreshes += 1;
      else await accounts.upsert(accountId, device, client.clientName);
      const { id = ulid() } = sessions.get(grantId) ?? {};
      sessions.set(grantId, { id, localpart: accountId, device, client: client.clientId });
    }
    // Tests would wait for the five seconds of those who are told nothing.
    if (route === 'device_authorization' && ctx.status === 200) ctx.body.interval = 1;
    await Promise.all(ending.splice(0));
  });
  return Object.assign(provider, {
    sessionsOf: (localpart) => [...sessions.values()].filter((it) => it.localpart === localpart),
    /** Ends a session of a user, whichever way it came. */
    async endSession(localpart, device) {
      for (const [grant, session] of sessions) {
        if (session.localpart !== localpart || session.device !== device) continue;
        sessions.delete(grant);
        await Promise.all(
          ['AccessToken', 'RefreshToken'].map((it) => provider[it].revokeByGrantId(grant)),
        );
      }
      await accounts.end(localpart, device);
    },
  });
}

/** The scopes for the homeserver in a request, or in what it redeems. */
function scopesOf(ctx) {
  const { params, entities } = ctx.oidc;
  const sources = [params?.scope, ...['AuthorizationCode', 'DeviceCode', 'RefreshToken'].map((it) => entities[it]?.scope)];
  const asked = sources.flatMap((it) => it?.split(' ') ?? []);
  return [...API, ...asked.filter((it) => deviceOf([it]))];
}

function show(ctx, title, body) {
  ctx.type = 'html';
  ctx.body = page(title, body);
}
