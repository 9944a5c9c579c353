import { describe, expect, it } from 'vitest'
import { mona, resource, secret, settled, setUp } from './api-keys.fixture.ts'
import { apiKeys, TooManyApiKeys } from './api-keys.ts'
import { memory } from './storage/memory.ts'

const day = 86_400

describe('a key', () => {
  it('opens its resource for its person, with its scopes and what is known of them', async () => {
    const { keys, clock } = setUp<{ login: string }>()
    const user = { login: 'mona' }
    const { key, id } = await keys.create({ ...mona, scopes: ['files:read'], user })
    expect(await keys.verify(key, { resource })).toEqual({
      status: 'valid',
      token: {
        subject: 'github|1',
        clientId: `api-key:${id}`,
        scopes: ['files:read'],
        expiresAt: clock.now() / 1000 + 90 * day,
        issuer: 'api-key',
        user,
      },
    })
  })

  it("has nothing that needs a scope unless somebody says so, and claims that are each request's own", async () => {
    const { keys } = setUp<{ roles: string[] }>()
    const { key } = await keys.create({ ...mona, user: { roles: ['reader'] } })
    for (let again = 0; again < 3; again++) {
      const answer = await keys.verify(key, { resource })
      if (answer.status !== 'valid') throw new Error(answer.status)
      expect(answer.token).toMatchObject({ scopes: [], user: { roles: ['reader'] } })
      answer.token.user.roles.push('admin')
      answer.token.scopes.push('all')
    }
  })

  it('is no good at another resource, at an end, or once revoked', async () => {
    const { keys, status, pass } = setUp()
    const { key, id, subject } = await keys.create({ ...mona, expiresIn: 100 })
    expect(await status(key)).toBe('valid')
    expect(await status(key, 'HTTPS://MCP.test/mcp')).toBe('valid')
    expect(await status(key, 'https://mcp.test/other')).toBe('other_resource')
    pass(99)
    expect(await status(key)).toBe('valid')
    pass(1)
    expect(await status(key)).toBe('expired')
    pass(60)
    expect(await status(key)).toBe('unknown')
    const other = await keys.create(mona)
    expect(await keys.revoke({ subject, id })).toBe(false)
    expect(await keys.revoke({ subject, id: other.id })).toBe(true)
    expect(await status(other.key)).toBe('unknown')
  })

  it('that is mistyped, or of another kind, costs no read of the store', async () => {
    const { keys, status, asked } = setUp()
    const { key } = await keys.create(mona)
    asked.length = 0
    expect(await status(`${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`)).toBe('malformed')
    expect(await status(key.slice(0, -1))).toBe('malformed')
    expect(await status('dbk_')).toBe('malformed')
    expect(await status('dbr_owner.id.0.r.secret')).toBe('not-mine')
    expect(asked).toEqual([])
  })

  it("with a right checksum and another secret is nobody's, also at a place where one lies", async () => {
    const [here, there] = [setUp(), setUp()]
    const { key } = await here.keys.create({ ...mona, subject: 'a' })
    expect(await there.status(key)).toBe('unknown')
    // The same place: what lies there was made twice.
    const place = (await here.storage.list('api-key/')).keys[0] ?? ''
    const stored = await here.storage.get(place)
    await there.keys.create(mona)
    await there.storage.put(place, stored?.value ?? '', { ifVersion: null })
    expect(await there.status(key)).toBe('valid')
    const { formatApiKey } = await import('./engine/api-key-format.ts')
    const [, owner = '', slot = ''] = place.split('/')
    expect(await there.status(formatApiKey('dbk', { owner, slot }, 'w'.repeat(43)))).toBe('unknown')
  })
})

describe('how long a key lives', () => {
  it('is 90 days, or what was said, and at most a year', async () => {
    const { keys, clock } = setUp()
    const now = clock.now() / 1000
    expect((await keys.create(mona)).expires_at).toBe(now + 90 * day)
    expect((await keys.create({ ...mona, expiresIn: 365 * day })).expires_at).toBe(now + 365 * day)
    for (const expiresIn of [365 * day + 1, 0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '60', null]) {
      const wrong = keys.create({ ...mona, expiresIn: expiresIn as number })
      await expect(wrong).rejects.toThrow(/^keys\.create\.expiresIn: is .*at most 31536000.*longestLifetime/)
    }
  })

  it('is for ever only where an option says so, which is told at the start', async () => {
    const { keys } = setUp()
    const never = { ...mona, expiresIn: 'never' } as const
    await expect(keys.create(never)).rejects.toThrow(/dangerouslyAllowNeverExpiring/)
    const lines: string[] = []
    const log = (line: string) => void lines.push(line)
    const open = setUp({ dangerouslyAllowNeverExpiring: true, log })
    expect(lines.join('\n')).toMatch(/dangerouslyAllowNeverExpiring is on/)
    expect(open.events).toContainEqual(expect.objectContaining({ type: 'configuration.weakened' }))
    const { key, expires_at } = await open.keys.create(never)
    expect(expires_at).toBeUndefined()
    expect((await open.keys.create(mona)).expires_at).toBeDefined()
    open.pass(4000 * day)
    expect(await open.status(key)).toBe('valid')
    expect((await open.keys.list('github|1')).map(({ expires_at }) => expires_at)).toEqual([undefined])
  })
})

describe('somebody', () => {
  it("sees their keys without the keys, newest first, and nobody else's", async () => {
    const { keys, pass } = setUp<{ email: string }>()
    const user = { email: 'mona@example.com' }
    const first = await keys.create({ ...mona, user, scopes: ['a'] })
    pass(10)
    const second = await keys.create({ ...mona, user, name: 'Laptop' })
    await keys.create({ ...mona, user, subject: 'github|2' })
    const listed = await keys.list('github|1')
    expect(listed.map(({ name }) => name)).toEqual(['Laptop', 'CI'])
    const { key, ...shown } = first
    expect(listed[1]).toEqual(shown)
    expect(first.hint).toBe(`dbk_...${key.slice(-4)}`)
    const text = JSON.stringify(listed)
    for (const one of [key, second.key, key.slice(4, -6), user.email]) expect(text).not.toContain(one)
    expect(await keys.list('github|3')).toEqual([])
  })

  it("ends one of theirs, and cannot end another's by its id", async () => {
    const { keys, status, events } = setUp()
    const [one, two] = [await keys.create(mona), await keys.create(mona)]
    expect(await keys.revoke({ subject: 'github|2', id: one.id })).toBe(false)
    expect(await status(one.key)).toBe('valid')
    expect(await keys.revoke({ subject: 'github|1', id: one.id })).toBe(true)
    expect([await status(one.key), await status(two.key)]).toEqual(['unknown', 'valid'])
    expect(events.at(-1)).toEqual(
      expect.objectContaining({ type: 'api_key.ended', key: one.id, subject: 'github|1', reason: 'revoked' }),
    )
    expect((await keys.list('github|1')).map(({ id }) => id)).toEqual([two.id])
  })

  it('ends a key that was found somewhere by itself; no other text ends anything', async () => {
    const { keys, status } = setUp()
    const { key } = await keys.create(mona)
    const { formatApiKey, parseApiKey } = await import('./engine/api-key-format.ts')
    const place = parseApiKey('dbk', key) as { owner: string; slot: string }
    expect(await keys.revoke({ key: formatApiKey('dbk', place, 'w'.repeat(43)) })).toBe(false)
    expect(await keys.revoke({ key: `${key}x` })).toBe(false)
    expect(await status(key)).toBe('valid')
    expect(await keys.revoke({ key })).toBe(true)
    expect(await status(key)).toBe('unknown')
  })

  it('does not end a newer key by the id of one that lay in its place', async () => {
    const { keys, status } = setUp({ keysPerSubject: 1 })
    const first = await keys.create(mona)
    await keys.revoke({ subject: 'github|1', id: first.id })
    const next = await keys.create(mona)
    expect(next.id.slice(0, 2)).toBe(first.id.slice(0, 2))
    expect(await keys.revoke({ subject: 'github|1', id: first.id })).toBe(false)
    expect([await status(first.key), await status(next.key)]).toEqual(['unknown', 'valid'])
  })

  it.each([
    [undefined],
    [{}],
    [{ subject: 'github|1' }],
    [{ id: '00-abcdefghijkl' }],
    [{ subject: '', id: '00-abcdefghijkl' }],
    [{ subject: 'github|1', id: '' }],
    [{ key: '' }],
    [{ key: 'x', subject: 'github|1' }],
  ])('is told when nobody said which key: %j', async (which) => {
    await expect(setUp().keys.revoke(which as never)).rejects.toThrow(
      /^keys\.revoke\(\): is not told which key/,
    )
  })

  it('has so many keys at most, however many ask at once, and room again after one ended', async () => {
    const { make, storage } = setUp({ keysPerSubject: 5 })
    const instances = [make(), make(), make()]
    const tries = Array.from({ length: 30 }, (_, index) => instances[index % 3]?.create(mona))
    const made = (await Promise.allSettled(tries)).filter(({ status }) => status === 'fulfilled')
    expect(made).toHaveLength(5)
    expect((await storage.list('api-key/')).keys).toHaveLength(5)
    const [keys] = instances as [ReturnType<typeof make>]
    await expect(keys.create(mona)).rejects.toThrow(TooManyApiKeys)
    await expect(keys.create(mona)).rejects.toThrow('There are 5 API keys already')
    await keys.create({ ...mona, subject: 'github|2' })
    const [oldest] = await keys.list('github|1')
    await keys.revoke({ subject: 'github|1', id: oldest?.id ?? '' })
    expect((await keys.create(mona)).name).toBe('CI')
  })

  it('loses all of them at once, with an event for each', async () => {
    const { keys, status, events } = setUp()
    const made = [await keys.create(mona), await keys.create(mona)]
    const other = await keys.create({ ...mona, subject: 'github|2' })
    expect(await keys.revokeAll('github|1')).toBe(2)
    for (const { key } of made) expect(await status(key)).toBe('unknown')
    expect(await status(other.key)).toBe('valid')
    const ended = events.filter(({ type }) => type === 'api_key.ended')
    expect(ended.map((event) => 'key' in event && event.key).sort()).toEqual(made.map(({ id }) => id).sort())
  })
})

describe('the last use', () => {
  it('is noted beside the answer, once a day', async () => {
    const { keys, status, pass, asked } = setUp()
    const { key } = await keys.create(mona)
    const used = async () => (await keys.list('github|1'))[0]?.used_at
    expect(await used()).toBeUndefined()
    asked.length = 0
    for (let again = 0; again < 10; again++) {
      expect(await status(key)).toBe('valid')
      await settled()
    }
    expect(asked.filter((each) => each === 'put api-key')).toHaveLength(1)
    const first = await used()
    pass(day - 1)
    await status(key)
    await settled()
    expect(await used()).toBe(first)
    pass(1)
    await Promise.all(Array.from({ length: 10 }, () => status(key)))
    await settled()
    expect(await used()).toBe(Number(first) + day)
    expect(asked.filter((each) => each === 'put api-key')).toHaveLength(2)
  })

  it('prolongs nothing, brings nothing back, and fails nothing', async () => {
    const inner = memory()
    let late: (() => Promise<unknown>) | undefined
    let isBroken = false
    const storage = {
      ...inner,
      async put(...given: Parameters<typeof inner.put>) {
        if (!isBroken || !given[0].startsWith('api-key/')) return inner.put(...given)
        late = () => inner.put(...given)
        throw new Error('no answer')
      },
    }
    const { keys, status } = setUp({ storage })
    const { key, id } = await keys.create(mona)
    isBroken = true
    expect(await status(key)).toBe('valid')
    await settled()
    await keys.revoke({ subject: 'github|1', id })
    await late?.()
    expect(await status(key)).toBe('unknown')
    expect((await inner.list('api-key/')).keys).toEqual([])
  })
})

describe('a write that failed and lands late', () => {
  it('brings back no key that somebody has', async () => {
    const inner = memory()
    const late: (() => Promise<unknown>)[] = []
    const storage = {
      ...inner,
      async put(...given: Parameters<typeof inner.put>) {
        if (late.length > 2 || !given[0].startsWith('api-key/')) return inner.put(...given)
        late.push(() => inner.put(...given))
        throw new Error('no answer')
      },
    }
    const { keys, status } = setUp({ storage, keysPerSubject: 1 })
    const { key, id } = await keys.create(mona)
    await keys.revoke({ subject: 'github|1', id })
    for (const land of late) await land()
    expect((await inner.list('api-key/')).keys).toHaveLength(1)
    expect(await status(key)).toBe('unknown')
  })
})

describe('`permit`', () => {
  it('is asked at each use about whoever has the key, and nothing but true lets in', async () => {
    let answer: unknown = true
    const seen: unknown[] = []
    const { keys, status } = setUp<{ login: string }>({
      permit: async (key) => {
        seen.push(key)
        key.user.login = 'somebody else'
        return answer as boolean
      },
    })
    const { key, ...summary } = await keys.create({ ...mona, user: { login: 'mona' } })
    expect(await status(key)).toBe('valid')
    expect(seen).toEqual([{ ...summary, user: { login: 'somebody else' } }])
    expect(await keys.verify(key, { resource })).toMatchObject({ token: { user: { login: 'mona' } } })
    for (const no of [false, undefined, 'yes', 1]) {
      answer = no
      expect(await status(key)).toBe('not_permitted')
    }
    expect(await status(key, 'https://mcp.test/other')).toBe('other_resource')
    expect(seen).toHaveLength(6)
  })

  it('that throws decides nothing', async () => {
    const { keys, status } = setUp({ permit: () => Promise.reject(new Error('directory is out')) })
    const { key } = await keys.create(mona)
    await expect(status(key)).rejects.toThrow('directory is out')
  })
})

describe('what is wrong is said', () => {
  it.each<[object, RegExp]>([
    [{ subject: undefined }, /^keys\.create\.subject: is missing/],
    [{ subject: '' }, /^keys\.create\.subject: is empty/],
    [{ subject: 'x'.repeat(513) }, /^keys\.create\.subject: has 513 characters/],
    [{ name: '' }, /^keys\.create\.name: is empty/],
    [{ name: 'a\u0007b' }, /^keys\.create\.name: holds control/],
    [{ name: 'x'.repeat(101) }, /^keys\.create\.name: has 101/],
    [{ resource: undefined }, /^keys\.create\.resource: is missing/],
    [{ resource: '/mcp' }, /^keys\.create\.resource: "\/mcp" is not an absolute URL/],
    [{ resource: 'http://mcp.test/mcp' }, /not https/],
    [{ resource: {} }, /^keys\.create\.resource: is an object/],
    [{ scopes: 'files:read' }, /^keys\.create\.scopes: .*not a list/],
    [{ scopes: ['files read'] }, /^keys\.create\.scopes: .*not a scope/],
    [
      { resource: { resource, grantableScopes: ['files:read'] }, scopes: ['file:read'] },
      /Did you mean "files:read"/,
    ],
    [{ expires: 5 }, /^keys\.create\.expires: .*"expiresIn"/],
  ])('of a key: %j', async (wrong, message) => {
    await expect(setUp().keys.create({ ...mona, ...wrong } as never)).rejects.toThrow(message)
  })

  it.each<[object, RegExp]>([
    [{ prefix: '' }, /^apiKeys\.prefix: is ""/],
    [{ prefix: 'a_b' }, /^apiKeys\.prefix/],
    [{ prefix: 'dbr' }, /^apiKeys\.prefix: .*refresh tokens/],
    [{ prefix: 'dbc' }, /^apiKeys\.prefix: .*codes/],
    [{ prefix: 'Acme' }, /^apiKeys\.prefix: is "Acme"/],
    [{ lifetime: 10, longestLifetime: 5 }, /^apiKeys\.lifetime: is 10/],
    [{ lifetime: 0 }, /^apiKeys\.lifetime: is 0/],
    [{ keysPerSubject: 1297 }, /^apiKeys\.keysPerSubject: is 1297/],
    [{ keysPerSubjects: 5 }, /^apiKeys\.keysPerSubjects: .*"keysPerSubject"/],
    [{ storage: undefined }, /^storage: is missing/],
    [{ secret: 'short' }, /^secret: /],
  ])('of the options: %j', (wrong, message) => {
    expect(() => apiKeys({ storage: memory(), secret, log: false, ...wrong } as never)).toThrow(message)
  })

  it('a lifetime of its own is not needed where the longest is short', async () => {
    const { keys, clock } = setUp({ longestLifetime: 60 })
    expect((await keys.create(mona)).expires_at).toBe(clock.now() / 1000 + 60)
  })
})
