import { describe, expect, test } from 'vitest'
import { answered, challenged, eras } from './components.fixture.ts'
import { bearer, initialize, post } from './mcp.fixture.ts'

const tokens = {
  reader: { scopes: ['read'] },
  writer: { scopes: ['read', 'write'] },
}
const require = {
  resources: {
    'notes://scoped': ['write'],
    'notes://{id}/draft': ['write'],
    'notes://hidden': { roles: ['admin'] },
  },
  tools: {
    constructor: { roles: ['admin'] },
    ['__proto__']: ['write'],
    toString: ['write'],
  },
}

describe.each(eras.filter(({ isModern }) => !isModern))('$name', (era) => {
  const serve = () => {
    const subscribed: unknown[] = []
    const subscribe = ({ uri }: Readonly<Record<string, unknown>>) => {
      subscribed.push(uri)
      return {}
    }
    const methods = { 'resources/subscribe': subscribe, 'resources/unsubscribe': subscribe }
    return { ...era.serve({ tokens, require, components: { methods }, sessions: true }), subscribed }
  }

  test.each(['resources/subscribe', 'resources/unsubscribe'])(
    '%s needs what the resource needs',
    async (method) => {
      const { fetch, subscribed } = serve()
      const begin = async (token: string) => {
        const begun = await fetch(post(initialize, bearer(token)))
        await begun.text()
        return { ...bearer(token), 'mcp-session-id': begun.headers.get('mcp-session-id') ?? '' }
      }
      const ask = async (token: string, uri: string) =>
        fetch(post({ jsonrpc: '2.0', id: 1, method, params: { uri } }, await begin(token)))
      for (const uri of ['notes://scoped', 'notes://7/draft', 'NOTES://7/x/../draft']) {
        expect(await challenged(await ask('reader', uri))).toBe('write')
      }
      expect((await ask('writer', 'notes://hidden')).status).toBe(403)
      expect(subscribed).toEqual([])
      for (const uri of ['notes://scoped', 'notes://free'])
        expect((await ask('writer', uri)).status).toBe(200)
      expect(subscribed).toEqual(['notes://scoped', 'notes://free'])
    },
  )

  test.each(['constructor', '__proto__', 'toString'])(
    'a tool may be called %s, and is guarded',
    async (name) => {
      const called: unknown[] = []
      const methods = {
        'tools/call': (params: Readonly<Record<string, unknown>>) => {
          called.push(params.name)
          return { content: [] }
        },
      }
      const { fetch } = era.serve({ tokens, require, components: { methods } })
      expect((await fetch(era.ask('tools/call', { name }, 'reader'))).status).toBe(403)
      expect(called).toEqual([])
      const { status } = await fetch(era.ask('tools/call', { name }, 'writer'))
      expect([status, called]).toEqual(name === 'constructor' ? [403, []] : [200, [name]])
      expect((await fetch(era.ask('tools/call', { name: 'hasOwnProperty' }, 'reader'))).status).toBe(200)
    },
  )
})

describe.each(eras.filter(({ isModern }) => isModern))('$name', (era) => {
  const listen = (token: string, notifications: object) => {
    const served = era.serve({ tokens, require, components: { methods: {} } })
    return served.fetch(era.ask('subscriptions/listen', { notifications }, token))
  }

  test('subscriptions/listen needs what the resources in it need', async () => {
    const scoped = { resourceSubscriptions: ['notes://free', 'notes://scoped'] }
    expect(await challenged(await listen('reader', scoped))).toBe('write')
    expect(await challenged(await listen('reader', { resourceSubscriptions: ['notes://7/draft'] }))).toBe(
      'write',
    )
    expect((await listen('writer', { resourceSubscriptions: ['notes://hidden'] })).status).toBe(403)
    const allowed = await listen('writer', scoped)
    expect(allowed.status).toBe(200)
    const reader = allowed.body?.getReader()
    expect(new TextDecoder().decode((await reader?.read())?.value)).toContain('notes://scoped')
    await reader?.cancel()
  })

  test('what is no list of URIs is no subscription', async () => {
    for (const odd of ['notes://scoped', { 0: 'notes://scoped', length: 1 }, [['notes://scoped']]]) {
      const { status, error } = await answered(await listen('reader', { resourceSubscriptions: odd }))
      expect(status).toBeLessThan(500)
      expect(error).toBeDefined()
    }
  })
})
