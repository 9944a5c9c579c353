import type { Answer, TokenBody } from '@drawbridge/testing'
import { issuer, resource } from '../../world.ts'
import { isSame } from './between.ts'
import type { Book } from './book.ts'
import type { DayClock } from './clock.ts'
import type { Servers } from './servers.ts'
import { keep, type Seen, type Session } from './session.ts'

/** How clients and tools reach the server. */
export interface Wire {
  /** What a real client does about an outage: it waits as told, and asks again. */
  insist(ask: () => Promise<Answer<TokenBody>>): Promise<Answer<TokenBody>>
  refresh(session: Session): Promise<Answer<TokenBody>>
  /** At the gate, with a scope that the call needs. */
  call(session: Session, scope?: string): Promise<Response>
  /** As a tool that works at the provider; its client refreshes where it has to. */
  tool(session: Session, rejected?: string): Promise<Seen>
}

/** Times that a client asks before it takes 503 for the answer. */
const mostTimes = 12

interface ToolBody {
  error?: string
  message?: string
  subject?: string
  scopes?: string[]
  token?: { access_token: string }
}

export function wire(servers: Servers, { clock, book }: { clock: DayClock; book: Book }): Wire {
  async function send(url: string, { tokens }: Session): Promise<Response> {
    const headers = { authorization: `Bearer ${tokens.access_token}` }
    for (let times = 1; ; times++) {
      const response = await servers.fetch(new Request(url, { method: 'POST', headers }))
      if (response.status !== 503 || times === mostTimes) return response
      await clock.sleep(Number(response.headers.get('retry-after')) * 1000)
    }
  }

  /** An access token that has expired is replaced first. */
  async function good(url: string, session: Session): Promise<Response> {
    const response = await send(url, session)
    if (response.status !== 401) return response
    const answer = await it.refresh(session)
    return answer.status === 200 ? send(url, session) : response
  }

  const it: Wire = {
    async insist(ask) {
      for (let times = 1; ; times++) {
        const answer = await ask()
        if (answer.status !== 503 || times === mostTimes) return answer
        await clock.sleep(Number(answer.headers.get('retry-after')) * 1000)
      }
    },

    async refresh(session) {
      const { refresh_token } = session.tokens
      const answer = await it.insist(() => session.client.refresh(refresh_token))
      if (answer.status === 200) keep(session, answer)
      return answer
    },

    call: (session, scope) => good(scope ? `${resource}?scope=${scope}` : resource, session),

    async tool(session, rejected) {
      const { account, scopes, name } = session
      const query = rejected === undefined ? '' : `?rejected=${encodeURIComponent(rejected)}`
      const response = await good(`${issuer}/upstream${query}`, session)
      const text = await response.text()
      if (response.status !== 200) return { is: 'out', what: `${response.status} ${text}` }
      const body = JSON.parse(text) as ToolBody
      if (body.error === 'Unavailable') return { is: 'later' }
      if (body.error === 'UpstreamEnded') return { is: 'ended', message: body.message ?? '' }
      const token = body.token?.access_token
      if (token === undefined) return { is: 'out', what: text }
      account.subject ??= body.subject
      if (body.subject !== account.subject) book.violation(`${name}: is ${body.subject} all at once`)
      if (!isSame(body.scopes ?? [], scopes)) book.violation(`${name}: has the scopes ${body.scopes} here`)
      return { is: 'token', token, truth: await account.upstream.truth(token) }
    },
  }
  return it
}
