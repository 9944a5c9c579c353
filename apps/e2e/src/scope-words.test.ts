import { arabic, english, german, type Messages } from '@drawbridge/core/languages'
import type { OAuthProvider, Words } from '@drawbridge/core/provider'
import { github } from '@drawbridge/github'
import { google } from '@drawbridge/google'
import { auth0, clerk, discord, gitlab, huggingFace, oidc, okta } from '@drawbridge/oidc'
import { workos } from '@drawbridge/workos'
import { describe, expect, test } from 'vitest'

const app = { clientId: 'dev-client', clientSecret: 'dev-secret' }
const places = { ...app, scopes: ['openid', 'profile', 'email', 'address', 'phone'] }
const openid = { ...places, domain: 'acme.test' }
const providers: readonly OAuthProvider[] = [
  github(app),
  google(app),
  workos(openid),
  oidc({ ...places, issuer: 'https://login.acme.dev' }),
  auth0(openid),
  okta({ ...openid, scopes: ['groups'] }),
  clerk({ ...openid, scopes: ['user:org:read', 'public_metadata', 'private_metadata'] }),
  gitlab({ ...openid, scopes: ['read_user', 'read_api'] }),
  huggingFace({ ...app, scopes: ['read-repos', 'write-repos', 'inference-api'] }),
  discord({ ...app, scopes: ['identify', 'email', 'guilds', 'connections'] }),
]

const letters: Readonly<Record<string, RegExp>> = { ar: /^[\u0600-\u06ff]/, de: /^[A-ZÄÖÜ]/, en: /^[A-Z]/ }

// A page is in one language: where a provider has no words in one, nobody sees its consent page in it.
describe.each(providers.map((provider) => [provider.id, provider] as const))('%s', (_, provider) => {
  const words = Object.entries<Words>(provider.scopes.descriptions ?? {})

  test.each<Messages>([arabic, english, german])('says all its scopes in $lang', ({ lang }) => {
    expect(words).not.toEqual([])
    for (const [scope, texts] of words) {
      const text = Object(texts)[lang]
      expect(text, scope).toMatch(letters[lang] ?? /./)
      expect(text, scope).not.toMatch(/[.<>&]|^\s|\s$/)
      const others = Object.values(texts).filter((other) => other === text)
      expect(others, `${scope}: the same in two languages`).toHaveLength(1)
    }
  })
})
