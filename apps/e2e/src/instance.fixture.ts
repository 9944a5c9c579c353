/** One instance of a deployment, as a process of its own: `node instance.fixture.ts <settings as JSON>`. */
import { flushCompileCache } from 'node:module'
import { type DrawbridgeEvent, oauthProxy, type Storage } from '@drawbridge/core'
import { github } from '@drawbridge/github'
import { delayed, dropReplies } from '@drawbridge/testing'
import { serve } from '@hono/node-server'
import { application } from './application.ts'
import type { Command, Conditions, InstanceSettings, Message } from './instances.ts'
import { openStorage } from './stores.ts'

const settings: InstanceSettings = JSON.parse(process.argv[2] ?? '{}')
const conditions: Conditions = { ahead: 0, latency: 0, dropEvery: 0, ...settings.conditions }
const tell = (message: Message) => process.send?.(message)
// Nobody is left to end this process.
process.once('disconnect', () => process.exit())

/** The store's time is the real one: what shall be gone in a minute for us is gone in a minute there. */
function inItsTime(storage: Storage): Storage {
  return {
    ...storage,
    put: (key, value, { ifVersion, expiresAt }) =>
      storage.put(key, value, {
        ifVersion,
        expiresAt: expiresAt === undefined ? undefined : expiresAt - conditions.ahead,
      }),
  }
}

function underConditions(storage: Storage): Storage {
  const near = storage
  const far = delayed(storage, { milliseconds: () => conditions.latency })
  const now = () => (conditions.latency > 0 ? far : near)
  let writes = 0
  const shouldDrop = () => conditions.dropEvery > 0 && ++writes % conditions.dropEvery === 0
  return dropReplies(
    {
      ...storage,
      get: (key) => now().get(key),
      put: (key, value, options) => now().put(key, value, options),
      delete: (key, options) => now().delete(key, options),
      list: (prefix, options) => now().list(prefix, options),
    },
    { shouldDrop },
  )
}

// Whoever supervises it tries again: no more than a line about it.
const storage = await openStorage(settings.store).catch((error: Error) => {
  console.error(`An instance cannot open its store: ${error.message}`)
  process.exit(1)
})

const { provider, name } = settings
const auth = oauthProxy({
  issuer: settings.issuer,
  secret: settings.secret,
  storage: underConditions(inItsTime(storage)),
  provider: github({
    clientId: 'dev-client',
    clientSecret: 'dev-secret',
    host: provider,
    ...(name && { endpoints: { token: `${provider}/${name}/login/oauth/access_token` } }),
  }),
  clock: {
    now: () => Date.now() + conditions.ahead * 1000,
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  },
  onEvent: (event: DrawbridgeEvent) => tell({ event }),
  ...settings.options,
})

const answer = application(auth)
let busy = 0
async function counted(request: Request): Promise<Response> {
  busy++
  try {
    return await answer(request)
  } finally {
    busy--
  }
}

async function obey(command: Command): Promise<unknown> {
  switch (command.do) {
    case 'adjust':
      return void Object.assign(conditions, command.conditions)
    case 'busy':
      return busy
    case 'maintain':
      return auth.maintain()
  }
}

process.on('message', (command: Command & { id: number }) => {
  obey(command).then(
    (result) => tell({ answered: command.id, result }),
    (error: Error) => tell({ answered: command.id, error: `${error.name}: ${error.message}` }),
  )
})

serve({ fetch: counted, port: 0, hostname: '127.0.0.1', overrideGlobalObjects: false }, ({ port }) => {
  tell({ port })
  // Not at the end of the process, which will be sudden.
  flushCompileCache()
})
