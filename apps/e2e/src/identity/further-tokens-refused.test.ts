import { describe, expect, it } from 'vitest'
import { mail, refused, started, theirWords } from './further-tokens.fixture.ts'

describe('where the provider refuses', () => {
  const codes = [
    ...['invalid_grant', 'invalid_request', 'invalid_scope', 'invalid_target'],
    ...['interaction_required', 'consent_required', 'access_denied'],
  ]
  it.each(codes)('with %s there is none, and the sign-in stands', async (error) => {
    let isRefused = true
    const { callTool, token, dev, told } = await started({
      onBehalfOf: () => (isRefused ? error : undefined),
    })
    const message = await callTool()
    expect(message).toContain(mail)
    expect(message).not.toMatch(new RegExp(`AADSTS|${error}|access_`))
    await expect(token({ scopes: [mail] })).rejects.toMatchObject({ name: 'NoUpstreamToken' })
    expect(dev.works((await token()).access_token)).toBe(true)
    expect(told()).toEqual([])
    isRefused = false
    expect(await callTool()).toBe('sent')
  })

  it('says why to whoever looks at the error', async () => {
    const { token, between } = await started()
    between(async () => refused('interaction_required'))
    await expect(token({ scopes: [mail] })).rejects.toMatchObject({
      message: expect.not.stringContaining('interaction_required'),
      cause: { message: `entra answered interaction_required: ${theirWords}` },
    })
  })
})

const html = (status: number) =>
  new Response(`<h1>${theirWords}</h1>`, { status, headers: { 'content-type': 'text/html' } })
const failing = (error: Error) => (): never => {
  throw error
}

describe.each<[reason: string, Record<string, () => Response>]>([
  [
    'unavailable',
    {
      '500': () => refused('server_error', 500),
      '502 with HTML': () => html(502),
      '503': () => new Response(theirWords, { status: 503 }),
      '429': () => refused('invalid_grant', 429),
      'a reset connection': failing(new TypeError('fetch failed')),
      'a time-out': failing(new DOMException('The operation timed out.', 'TimeoutError')),
      temporarily_unavailable: () => refused('temporarily_unavailable'),
    },
  ],
  [
    'misconfigured',
    {
      invalid_client: () => refused('invalid_client', 401),
      unauthorized_client: () => refused('unauthorized_client'),
      unsupported_grant_type: () => refused('unsupported_grant_type'),
      '404 with HTML': () => html(404),
      '200 with HTML': () => html(200),
      'an answer without a token': () => Response.json({ token_type: 'bearer' }),
    },
  ],
])('where the provider is %s', (reason, answers) => {
  it.each(Object.entries(answers))('by %s, nothing is decided', async (_, answer) => {
    const { callTool, token, between, told } = await started()
    between(async () => answer())
    await expect(token({ scopes: [mail] })).rejects.toMatchObject({ name: 'Unavailable' })
    expect(told()).toEqual([
      expect.objectContaining({
        type: 'upstream.unavailable',
        provider: 'entra',
        reason,
        detail: expect.any(String),
        correlation: expect.any(String),
      }),
    ])
    expect(await callTool()).toBe('upstream: entra cannot give another token now')
    expect((await token()).scopes).toContain('files.read')
    between((next) => next())
    expect(await callTool()).toBe('sent')
  })
})
