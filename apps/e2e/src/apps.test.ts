import { browser, devGitHub, devGoogle, type SignInOptions } from '@drawbridge/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { adapters } from '../../../scripts/apps/adapters.ts'
import { providers } from '../../../scripts/apps/providers.ts'
import { startApp } from './apps.fixture.ts'
import { certifiedProvider } from './certified-provider.ts'
import { officialClients } from './official-clients.ts'
import { secret } from './world.ts'

interface StandIn {
  listen: () => Promise<{ url: string; close(): Promise<void> }>
  /** Who signs in there, and what `whoami` says of them. */
  person: SignInOptions
  is: string
}

/** In the place of each provider. */
const standIns: Record<string, StandIn> = {
  github: { listen: () => devGitHub().listen(), person: { user: 'octocat' }, is: 'octocat' },
  google: { listen: () => devGoogle().listen(), person: { user: '1001' }, is: 'Ada <ada@acme.test>' },
  jwt: {
    listen: registering,
    person: { user: undefined, fields: { login: 'ada', password: 'any' } },
    is: 'ada',
  },
}

/** An authorization server that is certified, registers clients and signs its access tokens. */
async function registering() {
  const { issuer, close } = await certifiedProvider({
    features: {
      registration: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({ scope: '', accessTokenFormat: 'jwt', accessTokenTTL: 3600 }),
      },
    },
  })
  return { url: issuer, close }
}

/** What stands in the README for `.env`, of a provider that listens at another port. */
function variablesFor(id: string, url: string): Record<string, string> {
  const given = providers.find((provider) => provider.id === id)?.readme.development.variables ?? {}
  const moved = Object.entries(given).map(([name, value]) => [
    name,
    value.replace('http://127.0.0.1:4000', url),
  ])
  return { DRAWBRIDGE_SECRET: secret, ...Object.fromEntries(moved) }
}

/** Signs in with an official client and asks who that is. */
async function whoami(
  name: string,
  variables: Record<string, string>,
  person: SignInOptions,
): Promise<string> {
  const app = await startApp(name, variables)
  try {
    const installation = { logins: 0, as: person }
    const client = await officialClients.v2?.(app.url, installation, browser())
    const answer = await client?.callTool('whoami')
    await client?.close()
    expect(installation.logins).toBe(1)
    return String(answer?.text)
  } catch (error) {
    throw new Error(`${name}, which printed:\n${app.printed()}`, { cause: error })
  } finally {
    await app.close()
  }
}

describe.each(providers.map(({ id }) => id))('the example of %s', (id) => {
  const standIn = standIns[id]
  if (!standIn) throw new Error(`Nobody stands in for ${id}: add it to \`standIns\`.`)
  let there: Awaited<ReturnType<StandIn['listen']>>
  beforeAll(async () => {
    there = await standIn.listen()
  })
  afterAll(() => there.close())

  for (const adapter of adapters) {
    it.concurrent(`with ${adapter.id} starts, signs somebody in and knows them`, async () => {
      const variables = variablesFor(id, there.url)
      expect(await whoami(`${id}-${adapter.id}`, variables, standIn.person)).toBe(standIn.is)
    }, 90_000)
  }
})
