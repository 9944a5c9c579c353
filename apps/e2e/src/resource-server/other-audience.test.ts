import { expect, it } from 'vitest'
import { resource, world } from '../world.ts'

it('a client that brings the token of one resource to another is refused, and the operator hears why, once', async () => {
  const lines: string[] = []
  const resources = { '/mcp': { default: true }, '/files': {} }
  const w = world({ resources, log: (line: string) => lines.push(line) } as never)
  const app = w.client()
  const { access_token } = await app.login(w.browser(), { user: 'octocat' })
  const headers = { authorization: `Bearer ${access_token}` }
  const files = w.auth.at('/files' as never)
  for (let time = 0; time < 3; time += 1) {
    const result = await files.authenticate(new Request('https://mcp.test/files', { headers }))
    expect(result).toMatchObject({ ok: false, response: { status: 401 } })
    const challenge = result.ok ? '' : result.response.headers.get('www-authenticate')
    expect(challenge).toContain('error_description="The access token was issued for another resource.')
  }
  expect(lines).toEqual([
    expect.stringMatching(
      new RegExp(
        `token.misdirected: .*The token is for ${resource}, this is https://mcp.test/files. It is another resource`,
      ),
    ),
  ])
  expect(w.events.filter(({ type }) => type === 'token.misdirected')).toHaveLength(1)
  expect((await w.call(access_token)).status).toBe(200)
})
