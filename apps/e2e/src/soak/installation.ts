import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, type Browser, oauthClient, type TokenBody } from '@drawbridge/testing'
import { issuer, resource } from '../world.ts'
import type { Deployment } from './deployment.ts'
import type { Ledger } from './ledger.ts'
import type { Random } from './random.ts'
import type { Wire } from './wire.ts'

/** One client on one machine of one user. It does what real ones do, and knows what must come of it. */
export interface Installation {
  readonly isSignedIn: boolean
  signIn(): Promise<void>
  call(): Promise<void>
  /** A call, or several at once, whose tools ask the provider as the user. */
  callUpstream(): Promise<void>
  refresh(): Promise<void>
  /** Several at once with one token. */
  refreshTogether(): Promise<void>
  /** The client goes before the answer comes. */
  refreshInVain(): Promise<void>
  /** A second process of the client has not heard of the new token yet. */
  replay(): Promise<void>
  revoke(): Promise<void>
  /** Whether what was revoked is still dead. */
  haunt(): Promise<void>
  /** In the end, when nothing disturbs any more: the session goes on, and nothing revoked does. */
  verify(): Promise<void>
}

interface Session {
  /** Clients that register again forget who they were. */
  client_id: string | undefined
  access_token: string
  refresh_token: string
  /** The token before, and until when it surely answers, in Unix seconds. */
  previous?: { refresh_token: string; until: number } | undefined
}

const mostGraves = 10
/** Seconds; less than the hour that a lost answer is made good for. */
const surelyAnswered = 3500
/** Milliseconds. */
const decidedBefore = 15_000
const host = new URL(issuer).hostname
const json = { 'content-type': 'application/json' }

export function installation(
  user: { login: string; browser: Browser; signedInAt: number },
  {
    deployment,
    ledger,
    random,
    wire,
  }: { deployment: Deployment; ledger: Ledger; random: Random; wire: Wire },
): Installation {
  const { now, witness } = deployment
  const { insist } = wire
  let patience: number | undefined
  const client = oauthClient({ mcpUrl: resource, fetch: (request) => wire.send(request, patience) })
  let session: Session | undefined
  const graves: Session[] = []

  function say(what: string): void {
    ledger.violation(`${user.login}: ${what}`)
  }

  async function ask(url: string, access_token: string): Promise<Answer<{ error: string }>> {
    const headers = { ...json, authorization: `Bearer ${access_token}` }
    const response = await wire.send(new Request(url, { method: 'POST', headers, body: '{}' }))
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, body: JSON.parse(text || '{}') }
  }

  /** A new login makes it good, but for what was decided just before. */
  const couldNotBeHelped = () => witness.sawLoss(user.login, user.signedInAt - decidedBefore)

  /** Nobody but the provider may have ended it, and that only for a reason that nobody could help. */
  function lost(how: string): void {
    session = undefined
    if (couldNotBeHelped()) {
      ledger.count("lost with a provider's answer to a killed process")
    } else {
      ledger.count('sessions lost')
      say(`lost the session: ${how}`)
    }
  }

  function keep({ access_token, refresh_token }: Partial<TokenBody>): void {
    if (!access_token || !refresh_token) {
      say('an answer of the token endpoint has no tokens')
      return
    }
    const replaced = session && session.refresh_token !== refresh_token ? session.refresh_token : undefined
    const previous = replaced ? { refresh_token: replaced, until: now() + surelyAnswered } : session?.previous
    session = { client_id: client.credentials?.client_id, access_token, refresh_token, previous }
  }

  /** With one token. The answers of one or several requests. */
  async function present(refresh_token: string, times = 1): Promise<void> {
    const requests = Array.from({ length: times }, () => insist(() => client.refresh(refresh_token)))
    const answers = await Promise.all(requests)
    ledger.count('refreshes', times)
    const bad = answers.find(({ status }) => status !== 200)
    if (bad) return lost(`${bad.status} ${bad.text}`)
    const [{ body }] = answers as [(typeof answers)[0]]
    if (new Set(answers.map((answer) => answer.body.refresh_token)).size > 1) {
      say('parallel refreshes came to different tokens')
    }
    keep(body)
  }

  async function callAt(url: string, times = 1): Promise<void> {
    if (!session) return
    const { access_token } = session
    const requests = Array.from({ length: times }, () => insist(() => ask(url, access_token)))
    const answers = await Promise.all(requests)
    for (const { status, text } of answers) {
      // The next refresh finds out too.
      if (status === 403 && couldNotBeHelped()) continue
      if (status !== 200 && status !== 401) say(`${url} answered ${status} ${text}`)
    }
    if (answers.every(({ status }) => status !== 401)) return
    const wasGood = expiryOf(access_token) > now() + 1
    await present(session.refresh_token)
    if (!session) return
    if (wasGood) say('a good access token was refused, and the session goes on')
    ledger.count('access tokens that had expired')
    const fresh = session.access_token
    const again = await insist(() => ask(url, fresh))
    if (again.status === 401) say('an access token was refused that had just been issued')
  }

  async function isDead(grave: Session): Promise<void> {
    ledger.count('looks at revoked tokens')
    const call = await insist(() => ask(resource, grave.access_token))
    if (call.status !== 401) say(`a revoked access token was answered ${call.status}`)
    for (const token of [grave.refresh_token, grave.previous?.refresh_token]) {
      if (token === undefined) continue
      const { status, body } = await insist(() => client.refresh(token, { client_id: grave.client_id }))
      if (status !== 400 || body.error !== 'invalid_grant')
        say(`a revoked refresh token was answered ${status}`)
    }
  }

  return {
    get isSignedIn() {
      return session !== undefined
    },

    async signIn() {
      // Some clients register again each time, and forget everything.
      if (random.chance(0.2)) {
        client.credentials = undefined
        session = undefined
      }
      try {
        // The provider asks nobody twice: of whom it has a cookie, it knows who that is.
        const isKnown = user.browser.cookies.list().some(({ domain }) => domain !== host)
        const tokens = await client.login(user.browser, isKnown ? {} : { user: user.login })
        // Whatever was held before is forgotten, and goes on without anybody.
        session = undefined
        keep(tokens)
        user.signedInAt = Date.now()
        ledger.count('logins')
      } catch {
        // A person sees an error page, and tries again.
        ledger.count('logins that had to be tried again')
        await sleep(random.between(500, 1500))
      }
    },

    async call() {
      ledger.count('calls')
      await callAt(resource)
    },

    async callUpstream() {
      const times = Math.floor(random.between(1, 5))
      ledger.count('calls that need the provider', times)
      await callAt(`${issuer}/upstream`, times)
    },

    async refresh() {
      if (session) await present(session.refresh_token)
    },

    async refreshTogether() {
      ledger.count('parallel refreshes of one token')
      if (session) await present(session.refresh_token, Math.floor(random.between(2, 6)))
    },

    async refreshInVain() {
      if (!session) return
      const { refresh_token } = session
      patience = random.between(1, 40)
      try {
        await client.refresh(refresh_token)
      } catch {
        // The point of it.
      } finally {
        patience = undefined
      }
      ledger.count('answers lost on their way')
      await present(refresh_token)
    },

    async replay() {
      const { previous } = session ?? {}
      if (!previous || previous.until < now()) return
      ledger.count('replays of a replaced token')
      await present(previous.refresh_token)
    },

    async revoke() {
      if (!session) return
      const grave = session
      session = undefined
      const { status, text } = await insist(() => client.revoke(grave.refresh_token))
      if (status !== 200) say(`the revocation was answered ${status} ${text}`)
      ledger.count('revocations')
      graves.push(grave)
      if (graves.length > mostGraves) graves.shift()
      await isDead(grave)
    },

    async haunt() {
      if (graves.length > 0) await isDead(random.pick(graves))
    },

    async verify() {
      if (session) await present(session.refresh_token)
      await callAt(resource)
      await callAt(`${issuer}/upstream`)
      for (const grave of graves) await isDead(grave)
    },
  }
}

function expiryOf(access_token: string): number {
  const [, payload = ''] = access_token.split('.')
  return (JSON.parse(Buffer.from(payload, 'base64url').toString()) as { exp: number }).exp
}
