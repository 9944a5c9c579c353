import { type OAuthProvider, openIdConnect } from '@drawbridge/core/provider'

/** Its answer comes as a form, with the name of the person once and never again; the secret is a JWT made anew. */
export function apple(issuer: string): OAuthProvider<{ email: unknown; name: unknown }> {
  const base = openIdConnect({
    id: 'apple',
    label: 'Apple',
    issuer,
    clientId: 'dev-client',
    clientAuth: { method: 'client_secret_post', secret: async () => 'dev-secret' },
    scopes: { default: ['email'], supported: ['name'] },
    response_mode: 'form_post',
  })
  return {
    ...base,
    async identify(login) {
      const { sub, claims } = await base.identify({ ...login, previous: undefined })
      const { name } = JSON.parse(login.callback.user ?? '{}') as { name?: unknown }
      return { sub, claims: { email: claims.email, name: name ?? login.previous?.claims.name } }
    },
  }
}
