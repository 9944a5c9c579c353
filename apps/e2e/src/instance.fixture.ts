/** One instance of a deployment, as a process of its own: `node instance.fixture.ts <settings as JSON>`. */
import { type DrawbridgeEvent, oauthProxy } from '@drawbridge/core'
import { github } from '@drawbridge/github'
import { delayed, dropReplies } from '@drawbridge/testing'
import { serve } from '@hono/node-server'
import type { InstanceSettings } from './instances.ts'
import { openStorage } from './stores.ts'

const settings: InstanceSettings = JSON.parse(process.argv[2] ?? '{}')
let storage = await openStorage(settings.store)
if (settings.latency) storage = delayed(storage, { milliseconds: settings.latency })
if (settings.dropEvery) storage = dropReplies(storage, { every: settings.dropEvery })

const events: Record<string, number> = {}
const auth = oauthProxy({
  issuer: settings.issuer,
  secret: settings.secret,
  storage,
  provider: github({ clientId: 'dev-client', clientSecret: 'dev-secret', host: settings.provider }),
  onEvent: (event: DrawbridgeEvent) => {
    const name = 'reason' in event ? `${event.type}:${event.reason}` : event.type
    events[name] = (events[name] ?? 0) + 1
  },
  ...settings.options,
})

async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url)
  if (pathname === '/events') return Response.json(events)
  const handled = await auth.handle(request)
  if (handled) return handled
  const result = await auth.authenticate(request)
  if (!result.ok) return result.response
  if (pathname !== '/upstream') return Response.json(result.auth)
  return auth.upstreamToken(result.auth).then(
    (token) => Response.json(token),
    (error: Error) =>
      Response.json(
        { error: error.name, message: error.message },
        { status: error.name === 'Unavailable' ? 503 : 403 },
      ),
  )
}

serve({ fetch: answer, port: 0, hostname: '127.0.0.1', overrideGlobalObjects: false }, ({ port }) => {
  process.send?.({ port })
})
