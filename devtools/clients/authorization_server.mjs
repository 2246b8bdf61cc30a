// The authorization server for the OAuth clients: oidc-provider with dynamic client registration, PKCE, and JWT access tokens for
// one resource. A user logs in with any name and password.
//
// Reads OIDC_ISSUER, on whose port it listens, and OIDC_RESOURCE. Responds to /readyz once it listens.

import Provider, { errors } from 'oidc-provider';

const { OIDC_ISSUER, OIDC_RESOURCE } = process.env;
const scope = 'notes:read notes:write';

const provider = new Provider(OIDC_ISSUER, {
  scopes: ['openid', 'offline_access', ...scope.split(' ')],
  pkce: { required: () => true },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  features: {
    registration: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo(_, resource) {
        if (resource !== OIDC_RESOURCE) throw new errors.InvalidTarget();
        return { scope, audience: resource, accessTokenFormat: 'jwt', accessTokenTTL: 600, jwt: { sign: { alg: 'RS256' } } };
      },
    },
  },
});

provider.use((context, next) => {
  if (context.path !== '/readyz') return next();
  context.body = 'ready';
});
provider.listen(Number(new URL(OIDC_ISSUER).port), '127.0.0.1');
