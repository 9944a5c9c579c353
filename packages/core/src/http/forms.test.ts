import { expect, it } from 'vitest'
import { UnreadableBody } from '../errors.ts'
import { bodyForm, jsonBody } from './forms.ts'
import { router } from './router.ts'

const { handle } = router(
  [
    {
      path: '/form',
      methods: { POST: async (request) => Response.json((await bodyForm(request)).all('a')) },
    },
    { path: '/json', methods: { POST: async (request) => Response.json(typeof (await jsonBody(request))) } },
  ],
  '',
)

function post(path: string, body: BodyInit): Request {
  return new Request(`https://as.test${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body,
    duplex: 'half',
  } as RequestInit)
}

/** What a client gets from an endpoint that reads a form, and from one that reads JSON. */
async function answers(request: (path: string) => Request | Promise<Request>): Promise<string[]> {
  const answers: string[] = []
  for (const path of ['/form', '/json']) {
    const response = await handle(await request(path))
    const said = await response?.json()
    answers.push(`${response?.status} ${said?.error}: ${said?.error_description}`)
  }
  return answers
}

/** Sends some of a body, and then fails. */
function failing(error: unknown): ReadableStream<Uint8Array> {
  let begun = false
  return new ReadableStream({
    pull(controller) {
      if (begun) return controller.error(error)
      begun = true
      controller.enqueue(new TextEncoder().encode('{"a'))
    },
  })
}

it('a client that goes away while it sends is no fault of ours', async () => {
  for (const error of [new DOMException('gone', 'AbortError'), new TypeError('terminated'), undefined]) {
    const answer = '400 invalid_request: The body did not arrive whole.'
    expect(await answers((path) => post(path, failing(error)))).toEqual([answer, answer])
  }
})

it('a body that was read before says what to change, and where', async () => {
  const used = async (path: string) => {
    const request = post(path, 'a=1')
    await request.text()
    return request
  }
  const locked = (path: string) => {
    const request = post(path, 'a=1')
    request.body?.getReader()
    return request
  }
  const begun = async (path: string) => {
    const request = post(path, 'a=1')
    const reader = request.body?.getReader()
    await reader?.read()
    reader?.releaseLock()
    return request
  }
  for (const request of [used, locked, begun]) {
    for (const answer of await answers(request)) {
      expect(answer).toMatch(/^400 invalid_request: .*already read on this server.*before any body parser/)
    }
  }
})

it('an adapter that cannot give a body back says why', async () => {
  const error = Object.assign(new Error('express.json() is to blame.'), { name: 'UnreadableBody' })
  for (const thrown of [error, new UnreadableBody('express.json() is to blame.')]) {
    const answer = '400 invalid_request: express.json() is to blame.'
    expect(await answers((path) => post(path, failing(thrown)))).toEqual([answer, answer])
  }
})

it('a body beyond 64 KiB is 413, and is not waited for when its sender cannot be told', async () => {
  const stuck = () =>
    new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(50_000)),
      cancel: () => new Promise(() => {}),
    })
  for (const answer of await answers((path) => post(path, stuck()))) expect(answer).toMatch(/^413 /)
})

it('JSON nested too deeply is refused before anyone walks it', async () => {
  const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`
  for (const levels of [101, 5000, 30_000]) {
    const response = await handle(post('/json', nested(levels)))
    expect([response?.status, await response?.json()]).toEqual([
      400,
      { error: 'invalid_request', error_description: 'The body is nested deeper than 100 levels.' },
    ])
  }
  expect((await handle(post('/json', nested(100))))?.status).toBe(200)
})
