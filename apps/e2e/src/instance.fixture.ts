/** One instance of a deployment, as a process of its own: `node instance.fixture.ts <settings as JSON>`. */
import { flushCompileCache } from 'node:module'
import { type DrawbridgeEvent, oauthProxy } from '@drawbridge/core'
import { github } from '@drawbridge/github'
import { serve } from '@hono/node-server'
import { application } from './application.ts'
import { inItsTime, underConditions } from './conditions.ts'
import type { Command, Conditions, InstanceSettings, Message } from './instances.ts'
import { openStorage } from './stores.ts'

const settings: InstanceSettings = JSON.parse(process.argv[2] ?? '{}')
const conditions: Conditions = { ahead: 0, latency: 0, dropEvery: 0, ...settings.conditions }
const tell = (message: Message) => process.send?.(message)
// Nobody is left to end this process.
process.once('disconnect', () => process.exit())

// Whoever supervises it tries again: no more than a line about it.
const storage = await openStorage(settings.store).catch((error: Error) => {
  console.error(`An instance cannot open its store: ${error.message}`)
  process.exit(1)
})

const { provider, name } = settings
const auth = oauthProxy({
  issuer: settings.issuer,
  secret: settings.secret,
  storage: underConditions(inItsTime(storage, conditions), conditions),
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
