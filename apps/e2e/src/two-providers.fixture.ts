import { type DrawbridgeEvent, memory, oauthServer } from '@drawbridge/core'
import { github } from '@drawbridge/github'
import { browser, devGitHub, fakeClock, network, oauthClient } from '@drawbridge/testing'
import { issuer, resource, secret } from './world.ts'

const credentials = { clientId: 'dev-client', clientSecret: 'dev-secret' }
const fine = github({ ...credentials, host: 'https://github.test' })
const work = github({ ...credentials, host: 'https://work.test', id: 'work', label: 'Work' })

/** A server with two providers that know the same people. */
export function twoProviders() {
  const clock = fakeClock()
  const storage = memory({ clock })
  const events: DrawbridgeEvent[] = []
  const hosts = { github: devGitHub({ clock }), work: devGitHub({ clock }) }
  const fetch = network({
    'https://github.test': hosts.github.fetch,
    'https://work.test': hosts.work.fetch,
    [issuer]: async (request) => {
      const handled = await w.auth.handle(request)
      if (handled) return handled
      const result = await w.auth.authenticate(request)
      return result.ok ? Response.json(result.auth) : result.response
    },
  })
  const onEvent = (event: DrawbridgeEvent) => void events.push(event)
  const options = { issuer, secret, storage, clock, fetch, onEvent, log: false as const }
  const client = () => oauthClient({ mcpUrl: resource, fetch })
  const w = {
    ...{ clock, storage, events, hosts, fetch, client },
    auth: oauthServer({ ...options, providers: [fine, work] }),
    /** Takes Work out of the options. */
    withoutWork() {
      w.auth = oauthServer({ ...options, providers: [fine] })
    },
    async signIn(provider: 'github' | 'work') {
      const app = client()
      return { app, ...(await app.login(browser({ fetch, clock }), { user: 'octocat', provider })) }
    },
    call: (access_token: string | undefined) =>
      fetch(resource, { method: 'POST', headers: { authorization: `Bearer ${access_token}` } }),
  }
  return w
}
