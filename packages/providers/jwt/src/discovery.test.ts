import { systemClock, upstreamCall } from '@drawbridge/core/provider'
import { describe, expect, it } from 'vitest'
import { discoveredKeys } from './discovery.ts'
import { jsonRequest } from './json-request.ts'

/** Loads the keys of an issuer that serves these documents; a number is an error status. */
function load(issuer: string, documents: Record<string, unknown>) {
  const requests: string[] = []
  const fake = (async (url: string) => {
    requests.push(url)
    const document = documents[url] ?? 404
    if (document instanceof Response) return document
    if (typeof document === 'number') return new Response('<h1>no</h1>', { status: document })
    return typeof document === 'string' ? new Response(document) : Response.json(document)
  }) as typeof fetch
  return { requests, load: discoveredKeys(issuer, jsonRequest(upstreamCall(fake, systemClock))) }
}

const keys = { keys: [] }

describe('discoveredKeys', () => {
  it('asks OpenID Connect discovery first and remembers the address', async () => {
    const site = load('https://login.test', {
      'https://login.test/.well-known/openid-configuration': {
        issuer: 'https://login.test',
        jwks_uri: 'https://keys.test/1',
      },
      'https://keys.test/1': keys,
    })
    expect(await site.load()).toMatchObject({ status: 'ok', body: keys })
    await site.load()
    expect(site.requests).toEqual([
      'https://login.test/.well-known/openid-configuration',
      'https://keys.test/1',
      'https://keys.test/1',
    ])
  })

  it.each([404, 302, '<!doctype html><div id=app>'])('then OAuth metadata, after %j', async (missing) => {
    const site = load('https://login.test/tenant', {
      'https://login.test/tenant/.well-known/openid-configuration': missing,
      'https://login.test/.well-known/oauth-authorization-server/tenant': {
        issuer: 'https://login.test/tenant',
        jwks_uri: 'https://login.test/tenant/keys',
      },
      'https://login.test/tenant/keys': keys,
    })
    expect((await site.load()).status).toBe('ok')
  })

  it.each([
    ['is longer than any metadata', 'x'.repeat(300 * 1024)],
    [
      'breaks off',
      new ReadableStream({
        pull(controller) {
          controller.error(new Error('reset'))
        },
      }),
    ],
  ])('also when the page that says so %s', async (_, body) => {
    const site = load('https://login.test', {
      'https://login.test/.well-known/openid-configuration': new Response(body, { status: 404 }),
      'https://login.test/.well-known/oauth-authorization-server': {
        issuer: 'https://login.test',
        jwks_uri: 'https://login.test/keys',
      },
      'https://login.test/keys': keys,
    })
    expect((await site.load()).status).toBe('ok')
  })

  it('keeps the slash some issuers end in', async () => {
    const site = load('https://login.test/', {
      'https://login.test/.well-known/openid-configuration': {
        issuer: 'https://login.test/',
        jwks_uri: 'https://login.test/keys',
      },
      'https://login.test/keys': keys,
    })
    expect((await site.load()).status).toBe('ok')
  })

  it('looks again when the keys have moved', async () => {
    const documents: Record<string, unknown> = {
      'https://login.test/.well-known/openid-configuration': {
        issuer: 'https://login.test',
        jwks_uri: 'https://login.test/old',
      },
      'https://login.test/old': keys,
    }
    const site = load('https://login.test', documents)
    await site.load()
    documents['https://login.test/.well-known/openid-configuration'] = {
      issuer: 'https://login.test',
      jwks_uri: 'https://login.test/new',
    }
    documents['https://login.test/new'] = keys
    documents['https://login.test/old'] = 404
    expect((await site.load()).status).toBe('failed')
    expect((await site.load()).status).toBe('ok')
  })

  it.each([
    [{ issuer: 'https://evil.test', jwks_uri: 'https://login.test/keys' }, /another issuer/],
    [{ issuer: 'https://login.test/', jwks_uri: 'https://login.test/keys' }, /another issuer/],
    [{ jwks_uri: 'https://login.test/keys' }, /another issuer/],
    [{ issuer: 'https://login.test' }, /no jwks_uri/],
    [{ issuer: 'https://login.test', jwks_uri: '/keys' }, /no jwks_uri/],
    [{ issuer: 'https://login.test', jwks_uri: 'http://login.test/keys' }, /not https/],
    [{ issuer: 'https://login.test', jwks_uri: 'http://127.0.0.1/keys' }, /not https/],
    [{ issuer: 'https://login.test', jwks_uri: 'https://localhost/keys' }, /not https/],
    [{ issuer: 'https://login.test', jwks_uri: 'file:///etc/passwd' }, /not https/],
    [null, /another issuer/],
  ])('trusts no document like %j', async (metadata, reason) => {
    const site = load('https://login.test', {
      'https://login.test/.well-known/openid-configuration': metadata ?? 'null',
    })
    expect(await site.load()).toMatchObject({ status: 'failed', reason: expect.stringMatching(reason) })
    expect(site.requests).toHaveLength(1)
  })

  it('does not take an outage for an absence', async () => {
    const site = load('https://login.test', { 'https://login.test/.well-known/openid-configuration': 503 })
    expect(await site.load()).toMatchObject({
      status: 'failed',
      reason: expect.stringMatching(/^login\.test answered 503 /),
    })
    expect(site.requests).toHaveLength(1)
  })
})
