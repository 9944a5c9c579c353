import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer } from '@drawbridge/testing'
import { issuer } from '../world.ts'
import type { Deployment } from './deployment.ts'
import type { Ledger } from './ledger.ts'

/** How requests leave a person's machine in a soak. */
export interface Wire {
  /** @param patience Milliseconds after which the client gives up on the answer. */
  send(request: Request, patience?: number): Promise<Response>
  /** What a real client does about an outage: it waits as told, or a moment, and asks again. */
  insist<Body>(ask: () => Promise<Answer<Body>>): Promise<Answer<Body>>
}

/** Longer than any lease that a killed process leaves behind. */
const mostPatience = 75_000

export function wire(deployment: Deployment, ledger: Ledger): Wire {
  return {
    async send(request, patience) {
      const signal = patience === undefined ? undefined : AbortSignal.timeout(patience)
      const response = await deployment.fetch(request, signal ? { signal } : {})
      const url = new URL(request.url)
      if (url.origin === issuer && response.status >= 500) await judge(url.pathname, response, ledger)
      return response
    },

    async insist(ask) {
      const end = Date.now() + mostPatience
      for (;;) {
        let outcome: string
        try {
          const answer = await ask()
          if (answer.status !== 503) return answer
          outcome = answer.text
          await sleep(Number(answer.headers.get('retry-after')) * 1000)
        } catch (error) {
          outcome = String(error)
          ledger.count('broken connections')
          await sleep(100)
        }
        if (Date.now() > end) throw new Error(`no answer for ${mostPatience / 1000} s, last: ${outcome}`)
      }
    },
  }
}

/** Official clients open a browser on anything less than this. */
async function judge(path: string, response: Response, ledger: Ledger): Promise<void> {
  const text = await response.clone().text()
  if (response.status !== 503 || !(Number(response.headers.get('retry-after')) > 0)) {
    ledger.violation(`${path} answered ${response.status} ${text}`)
  } else if (path === '/token' && !text.includes('temporarily_unavailable')) {
    ledger.violation(`${path} answered 503 without temporarily_unavailable: ${text}`)
  } else ledger.count('503s with Retry-After')
}
