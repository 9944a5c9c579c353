import {
  type DrawbridgeEvent,
  type Messages,
  memory,
  oauthServer,
  type ScopeOptions,
  type Storage,
} from '@drawbridge/core'
import type { OwnPages } from '@drawbridge/core/pages'
import { AccessDenied, type FormContext, type FormProvider } from '@drawbridge/core/provider'
import { github } from '@drawbridge/github'
import {
  browser,
  devGitHub,
  type FakeClock,
  fakeClock,
  type Network,
  network,
  oauthClient,
} from '@drawbridge/testing'
import { issuer, resource, secret, upstreamHost } from '../world.ts'

export interface Account {
  name: string
}

export const password = 'correct horse'
export const ada = { fields: { username: 'ada', password } }

/** People of our own, as few lines as it takes. */
export function directory() {
  const accounts = new Map([['ada', { sub: '1', name: 'Ada Lovelace', enabled: true }]])
  const asked: { input: Readonly<Record<string, string>>; context: FormContext }[] = []
  const provider: FormProvider<Account> = {
    type: 'form',
    id: 'acme',
    label: 'your Acme account',
    icon: {
      svg: '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><script>alert(1)</script></svg>',
    },
    fields: [
      { name: 'username', label: 'User name', type: 'text' },
      { name: 'password', label: 'Password', type: 'password' },
    ],
    async verify(input, context) {
      asked.push({ input, context })
      if (input.username === 'outage') throw new Error('the directory is down')
      if (input.username === 'guessed') return { error: 'locked' }
      if (input.username === 'nobody') return { sub: '', claims: { name: '' } }
      const account = accounts.get(input.username ?? '')
      if (!account || input.password !== password) return { error: 'invalid' }
      if (!account.enabled) throw new AccessDenied('This account is disabled.')
      return { sub: account.sub, claims: { name: account.name } }
    },
    async recheck(sub) {
      if (sub === 'outage') throw new Error('the directory is down')
      return [...accounts.values()].some((account) => account.sub === sub && account.enabled)
    },
  }
  return { provider, accounts, asked }
}

export function setUp(
  options: {
    hybrid?: boolean
    recheck?: FormProvider['recheck'] | 'none'
    verify?: FormProvider<Account>['verify']
    scopes?: 'of the providers' | ScopeOptions
    /** Of the default: the one that the client asks for. */
    resource?: string
    form?: Partial<FormProvider<Account>>
    pages?: OwnPages
    /** Further pages where people sign in. */
    others?: readonly FormProvider<Account>[]
    languages?: readonly Messages[]
    /** What the server is given, of what is there. */
    storage?: (inner: Storage) => Storage
    /** Of the default: what is there. */
    shared?: { storage: Storage; clock: FakeClock }
  } = {},
) {
  const clock = options.shared?.clock ?? fakeClock()
  const events: DrawbridgeEvent[] = []
  const own = directory()
  const { recheck, ...rest } = own.provider
  const acme: FormProvider<Account> =
    options.recheck === 'none'
      ? rest
      : {
          ...own.provider,
          ...(options.recheck && { recheck: options.recheck }),
          ...(options.verify && { verify: options.verify }),
          ...options.form,
        }
  const hub = devGitHub({ clock })
  const settings = { clientId: 'dev-client', clientSecret: 'dev-secret', host: upstreamHost }
  const providers = [acme, ...(options.others ?? []), ...(options.hybrid ? [github(settings)] : [])]
  const storage = options.shared?.storage ?? memory({ clock })
  const lines: string[] = []
  const auth = oauthServer({
    issuer,
    secret,
    storage: options.storage?.(storage) ?? storage,
    clock,
    fetch,
    providers,
    onEvent: (event) => events.push(event),
    log: (line) => void lines.push(line),
    resource: options.resource,
    languages: options.languages,
    pages: options.pages,
    scopes:
      options.scopes === 'of the providers'
        ? undefined
        : (options.scopes ?? { supported: ['files:read', 'files:write'], default: ['files:read'] }),
  })
  const internet: Network = network({
    [upstreamHost]: hub.fetch,
    [issuer]: async (request) => {
      const answer = await auth.handle(request, { clientAddress: '192.0.2.7' })
      if (answer) return answer
      const result = await auth.authenticate(request)
      return result.ok ? Response.json(result.auth) : result.response
    },
  })
  function fetch(...given: Parameters<typeof globalThis.fetch>): Promise<Response> {
    return internet(...given)
  }
  const app = oauthClient({ mcpUrl: resource, fetch: internet })
  const person = browser({ fetch: internet, clock })
  /** The browser in front of the sign-in page, after consent. */
  async function atThePage(who = person, provider = 'acme') {
    if (!app.credentials) await app.register()
    const pending = await app.authorize()
    const until = (url: URL) => url.href.startsWith(pending.redirect_uri) || url.origin === upstreamHost
    const consent = await who.open(pending.url, { until })
    const choose = (id: string) => {
      const found = consent.forms[0]?.buttons.find(({ value }) => value === 'approve' || value === id)
      if (!found) throw new Error(`no consent: ${consent.text}`)
      return who.submit(consent, found, {}, { until })
    }
    const page = await choose(provider)
    const button = (value: string) => {
      const found = page.forms[0]?.buttons.find((one) => one.value === value)
      if (!found) throw new Error(`no button: ${page.text}`)
      return found
    }
    return {
      page,
      pending,
      until,
      consent,
      choose,
      type: (fields: Record<string, string>, button_ = button('')) =>
        who.submit(page, button_, fields, { until }),
      turnBack: () => who.submit(page, button('deny'), {}, { until }),
    }
  }
  return {
    auth,
    acme,
    hub,
    app,
    clock,
    events,
    lines,
    storage,
    person,
    internet,
    atThePage,
    asked: own.asked,
    accounts: own.accounts,
    browser: (more = {}) => browser({ fetch: internet, clock, ...more }),
    call: (token: string | undefined) =>
      internet(resource, { method: 'POST', headers: { authorization: `Bearer ${token}` } }),
    told: () => events.map((event) => ('reason' in event ? `${event.type} ${event.reason}` : event.type)),
  }
}

/** While time passes. */
export async function ticking<T>(w: { clock: FakeClock }, work: Promise<T>): Promise<T> {
  const timer = setInterval(() => w.clock.advance(1), 1)
  return work.finally(() => clearInterval(timer))
}
