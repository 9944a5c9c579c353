import type { Auth } from '@drawbridge/core'
import type { KeyPage, Storage } from '@drawbridge/core/storage'
import { describe, expect, it } from 'vitest'
import { type Members, storageMembers } from './decorator-contract/members.ts'
import {
  authDecoratorContract,
  serverDecoratorContract,
  storageDecoratorContract,
} from './decorator-contract.ts'
import { counting, delayed, dropReplies, failing, overriding } from './storage-wrappers.ts'

const wrappers: Record<string, (storage: Storage) => Storage> = {
  nothing: (storage) => storage,
  delayed: (storage) => delayed(storage, { milliseconds: 0 }),
  dropReplies: (storage) => dropReplies(storage, { shouldDrop: () => false }),
  failing: (storage) => failing(storage, () => false),
  counting,
  overriding: (storage) => overriding(storage, {}),
  'each of them around another': (storage) =>
    counting(failing(dropReplies(overriding(storage, {}), { shouldDrop: () => false }), () => false)),
}

describe.each(Object.entries(wrappers))('%s keeps the contract of what wraps a Storage', (_, wrap) => {
  for (const c of storageDecoratorContract()) it(c.name, () => c.run(wrap))
})

describe('nothing at all keeps the contract of what wraps', () => {
  for (const c of authDecoratorContract()) it(`an Auth: ${c.name}`, () => c.run((auth) => auth))
  for (const c of serverDecoratorContract()) it(`a server: ${c.name}`, () => c.run((server) => server))
})

/** An Auth written down member by member, as whoever forgets something would. */
function listed(auth: Auth, change: Partial<Auth> = {}): Auth {
  const { upstreamToken, limitAnonymous, ready, close, notice } = auth
  return {
    handle: (request, context) => auth.handle(request, context),
    routes: auth.routes,
    authenticate: (request, need) => auth.authenticate(request, need),
    challenge: (info, need) => auth.challenge(info, need),
    revalidate: (info) => auth.revalidate(info),
    ...(upstreamToken && { upstreamToken: upstreamToken.bind(auth) }),
    ...(limitAnonymous && { limitAnonymous: limitAnonymous.bind(auth) }),
    ...(ready && { ready: ready.bind(auth) }),
    ...(close && { close: close.bind(auth) }),
    ...(notice && { notice: notice.bind(auth) }),
    get endpoints() {
      return auth.endpoints as NonNullable<Auth['endpoints']>
    },
    get resource() {
      return auth.resource
    },
    get resourcePaths() {
      return auth.resourcePaths as readonly string[]
    },
    get grantableScopes() {
      return auth.grantableScopes
    },
    get marker() {
      return auth.marker as NonNullable<Auth['marker']>
    },
    ...change,
  }
}

describe('the contract notices', () => {
  const failedOf = async <T>(
    cases: readonly { name: string; run(decorate: (target: T) => T): Promise<void> }[],
    decorate: (target: T) => T,
  ) => {
    const failed: string[] = []
    for (const c of cases) await c.run(decorate).catch(() => failed.push(c.name))
    return failed
  }

  it.each<[string, (auth: Auth) => Partial<Auth>, string[]]>([
    [
      'an argument that is dropped',
      (auth) => (auth.upstreamToken ? { upstreamToken: (info) => auth.upstreamToken?.(info) as never } : {}),
      ['upstreamToken reaches what is decorated, with every argument and its own this'],
    ],
    [
      'an option that is dropped',
      (auth) => ({
        handle: (request, context) => auth.handle(request, { clientAddress: context?.clientAddress }),
      }),
      ['handle reaches what is decorated, with every argument and its own this'],
    ],
    [
      'a method torn off its object',
      (auth) => ({ challenge: auth.challenge }),
      ['challenge reaches what is decorated, with every argument and its own this'],
    ],
    [
      'an answer that is changed',
      (auth) => ({ revalidate: async (info) => Boolean(await auth.revalidate(info)) !== true }),
      ['revalidate passes on what comes back'],
    ],
    [
      'an error that is swallowed',
      (auth) => ({ revalidate: (info) => auth.revalidate(info).catch(() => false) }),
      ['revalidate passes on what is thrown'],
    ],
    [
      'an error that is replaced',
      (auth) => ({
        authenticate: (...all) =>
          auth.authenticate(...all).catch((cause) => Promise.reject(new Error('x', { cause }))),
      }),
      ['authenticate passes on what is thrown'],
    ],
    [
      'a member that is made up',
      (auth) => ({ upstreamToken: (...all) => auth.upstreamToken?.(...all) as never }),
      ['without upstreamToken there is none'],
    ],
    [
      'a property that is read too early',
      ({ resource }) => ({ resource }),
      ['resource is read when somebody asks for it, not before'],
    ],
  ])('%s', async (_, change, noticed) => {
    expect(await failedOf(authDecoratorContract(), (auth) => listed(auth, change(auth)))).toEqual(noticed)
  })

  it('methods that a spread leaves behind, since they are of a class', async () => {
    const failed = await failedOf(storageDecoratorContract(), (storage) => ({ ...storage }))
    for (const name of ['get', 'put', 'delete', 'list', 'purge', 'check', 'close'])
      expect(failed).toContainEqual(expect.stringMatching(new RegExp(`^${name} reaches`)))
  })

  it('each optional member that is forgotten', async () => {
    for (const name of ['purge', 'check', 'close'] as const) {
      const failed = await failedOf(storageDecoratorContract(), (storage) => {
        const { [name]: _, ...rest } = overriding(storage, {})
        return rest
      })
      expect(failed).toContainEqual(expect.stringMatching(new RegExp(`^${name} reaches`)))
    }
  })

  it('what `at()` answers being less than it was', async () => {
    const failed = await failedOf(serverDecoratorContract(), (server) => {
      const at = (path: string) => ({ ...server.at(path) })
      return Object.assign(Object.create(server), { at })
    })
    expect(failed).toContainEqual(expect.stringMatching(/^at\(\): upstreamToken reaches/))
  })
})

it('an interface that grows does not compile before its table has grown too', () => {
  interface Member extends Storage {
    count?(): Promise<number>
  }
  interface Argument extends Omit<Storage, 'purge'> {
    purge?(limit: number, kind?: string): Promise<number>
  }
  interface Option extends Omit<Storage, 'list'> {
    list(prefix: string, options?: { cursor?: string; limit?: number; kind?: string }): Promise<KeyPage>
  }
  // @ts-expect-error a member is missing
  const member: Members<Member> = storageMembers
  // @ts-expect-error an argument is missing
  const argument: Members<Argument> = storageMembers
  // @ts-expect-error an option is missing
  const option: Members<Option> = storageMembers
  expect([member, argument, option]).toHaveLength(3)
})
