// An authorization server for the clients that use OAuth: oidc-provider with clients that register themselves, PKCE, and access tokens
// as JWTs for the one resource that it knows. Everybody logs in by the name they say.
//
// Reads OIDC_ISSUER, whose port it listens on, and OIDC_RESOURCE. Its answer at /readyz says that it serves.

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
