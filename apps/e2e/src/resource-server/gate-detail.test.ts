import { type DrawbridgeEvent, resourceServer } from '@drawbridge/core'
import { expect, it } from 'vitest'

it('a verifier that quotes the token it cannot check puts it into no event and no line', async () => {
  const events: DrawbridgeEvent[] = []
  const lines: string[] = []
  const token = 'opaque.tok-4711'
  const auth = resourceServer({
    resource: 'https://mcp.test/mcp',
    authorizationServers: ['https://login.test'],
    verifier: {
      verify: async (given: string) => ({
        status: 'unavailable' as const,
        reason: `GET https://login.test/tokens/${given} timed out`,
      }),
    },
    onEvent: (event) => void events.push(event),
    log: (line) => void lines.push(line),
  })
  const headers = { authorization: `Bearer ${token}` }
  await auth.authenticate(new Request('https://mcp.test/mcp', { method: 'POST', headers }))
  expect(events.length).toBeGreaterThan(0)
  expect(JSON.stringify(events.filter(({ type }) => type === 'token.unchecked'))).not.toContain(token)
  expect(JSON.stringify(events)).not.toContain(token)
  expect(lines.join('\n')).not.toContain(token)
})
