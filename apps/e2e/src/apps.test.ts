import { browser, type SignInOptions } from '@drawbridge/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { adapters } from '../../../scripts/apps/adapters.ts'
import { providers } from '../../../scripts/apps/providers.ts'
import { people, startApp, startDevelopmentProvider, variablesAt } from './apps.fixture.ts'
import { certifiedProvider } from './certified-provider.ts'
import { officialClients } from './official-clients.ts'
import { secret } from './world.ts'

/** What the command prints for `.env`. */
function variablesIn(printed: string): Record<string, string> {
  return Object.fromEntries(
    [...printed.matchAll(/^(DRAWBRIDGE_\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
  )
}

/** Starts an example, signs in with an official client, and asks who that is. */
async function whoami(
  name: string,
  variables: Record<string, string>,
  person: SignInOptions,
): Promise<string> {
  const app = await startApp(name, { DRAWBRIDGE_SECRET: secret, ...variables })
  try {
    const installation = { logins: 0, as: person }
    const client = await officialClients.v2?.(app.ready, installation, browser())
    const answer = await client?.callTool('whoami')
    await client?.close()
    expect(installation.logins).toBe(1)
    return String(answer?.text)
  } catch (error) {
    throw new Error(`${name} printed:\n${app.printed()}`, { cause: error })
  } finally {
    await app.close()
  }
}

/** For a machine whose two processors have all of this to do. */
const timeout = 90_000

describe.each(providers)('the examples of $id', (provider) => {
  const { id, readme } = provider
  const [user, known] = people[readme.development.provider]
  // Of somebody else's token, nothing is known but its subject.
  const is = id === 'jwt' ? user : known
  let standIn: Awaited<ReturnType<typeof startDevelopmentProvider>>
  beforeAll(async () => {
    standIn = await startDevelopmentProvider(readme.development.provider)
  })
  afterAll(() => standIn?.close())

  // To whom WorkOS is an authorization server, another variable leads there.
  if (id !== 'jwt') {
    it('say in their READMEs what the command prints', () => {
      expect(variablesAt(standIn.ready, provider)).toEqual(variablesIn(standIn.printed()))
    })
  }

  it.concurrent.each(adapters.map((adapter) => `${id}-${adapter.id}`))(
    '%s starts, signs somebody in and knows them',
    async (name) => {
      expect(await whoami(name, variablesAt(standIn.ready, provider), { user })).toBe(is)
    },
    timeout,
  )
})

describe('with a certified authorization server, which registers the client', () => {
  let server: Awaited<ReturnType<typeof certifiedProvider>>
  beforeAll(async () => {
    server = await certifiedProvider({
      features: {
        registration: { enabled: true },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: () => ({ scope: '', accessTokenFormat: 'jwt', accessTokenTTL: 3600 }),
        },
      },
    })
  })
  afterAll(() => server?.close())

  it.concurrent.each(adapters.map((adapter) => `jwt-${adapter.id}`))(
    '%s takes its tokens',
    async (name) => {
      const ada = { user: undefined, fields: { login: 'ada', password: 'any' } }
      expect(await whoami(name, { DRAWBRIDGE_JWT_ISSUER: server.issuer }, ada)).toBe('ada')
    },
    timeout,
  )
})
