import type { Egress } from '@drawbridge/core/egress'
import { devEgress } from '@drawbridge/testing'
import { type Edit, edited, type Loot } from './edits.fixture.ts'
import { shot, wired } from './shot.fixture.ts'
import { echoHost } from './texts.fixture.ts'

/** What a host answers instead of what it publishes. */
export type WebAnswer =
  | 'unreachable'
  | 'breaks off'
  | { status: number; location?: string | undefined }
  | { text: string; type: string }
  /** What it publishes, as JSON whose members were edited. */
  | { edits: readonly Edit[] }

/** Something that happens at the hosts of a client, while a request is answered. */
export interface WebChange {
  of: 'document' | 'keys'
  as: WebAnswer
  /** Whether an instance answers that has fetched nothing yet. */
  isCold: boolean
  /** How the server hears that all is well again. */
  after: 'another instance' | 'a minute'
}

/** One fetch, as a host sees it. */
export interface Fetched {
  url: string
  /** `undefined`: there was none. */
  status: number | undefined
  text: string
  /** Something else than the client publishes, which may be of no use. */
  isAltered: boolean
}

export interface Web {
  egress: Egress
  publish(url: string, body: unknown): void
  /** Until it is called again with `undefined`. */
  change(url: string, answer: WebAnswer | undefined, loot: Loot): void
  /** What was fetched since the last look. */
  fetched(): Fetched[]
}

/** The hosts of strangers. Nobody else is there. */
export function web(): Web {
  const pages = new Map<string, unknown>()
  const changes = new Map<string, { answer: WebAnswer; loot: Loot }>()
  const seen: Fetched[] = []
  let asked = ''

  const published = (): unknown => {
    if (pages.has(asked)) return pages.get(asked)
    if (!asked.toLowerCase().startsWith(echoHost)) throw new Error('no such host')
    const redirect_uris = [`${echoHost}/callback`, 'http://127.0.0.1:33418/callback']
    return { client_id: asked, client_name: 'Echo', redirect_uris }
  }

  function answer(): Response {
    const change = changes.get(asked)
    if (!change) return Response.json(published())
    const { answer, loot } = change
    if (answer === 'unreachable') throw new Error('nobody answers')
    if (answer === 'breaks off') {
      return new Response(new ReadableStream({ pull: (controller) => controller.error(new Error('gone')) }))
    }
    if ('text' in answer) return new Response(answer.text, { headers: { 'content-type': answer.type } })
    if ('edits' in answer) {
      return new Response(editedJson(published(), answer.edits, loot), {
        headers: { 'content-type': 'application/json' },
      })
    }
    const { status, location } = answer
    const body = status === 204 || status === 304 ? null : JSON.stringify(published())
    const headers = { 'content-type': 'application/json', ...(location !== undefined && { location }) }
    return new Response(body, { status, headers })
  }

  const hosts = devEgress(async () => {
    // Before anything is awaited: who asks next has not asked yet.
    const url = asked
    try {
      const response = answer()
      const text = await response.clone().text()
      seen.push({ url, status: response.status, text, isAltered: changes.has(url) })
      return response
    } catch (error) {
      seen.push({ url, status: undefined, text: '', isAltered: true })
      throw error
    }
  })
  return {
    // As it is written: a Request would write it another way.
    egress: (url, request) => {
      asked = url
      return hosts(url, request)
    },
    publish: (url, body) => pages.set(url, body),
    change(url, answer, loot) {
      if (answer === undefined) changes.delete(url)
      else changes.set(url, { answer, loot })
    },
    fetched: () => seen.splice(0),
  }
}

function editedJson(body: unknown, edits: readonly Edit[], loot: Loot): string {
  const members = Object.entries(Object(body) as object).map(([name, value]) => [name, JSON.stringify(value)])
  const document = shot('POST', '/', { json: Object.fromEntries(members) })
  const changed = edits.reduce((one, change) => {
    const inside = 'in' in change ? ({ ...change, in: 'json' } as Edit) : change
    return edited(one, inside, loot)
  }, document)
  return Buffer.from(wired(changed).body ?? []).toString()
}
