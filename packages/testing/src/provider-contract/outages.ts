/** What a provider that is out of order may do to a request. None of it says anything about a person. */
export const outages: readonly { name: string; answer(): Response }[] = [
  { name: '500', answer: () => Response.json({ error: 'server_error' }, { status: 500 }) },
  { name: '502 with HTML', answer: () => html(502) },
  { name: '503', answer: () => new Response('', { status: 503, headers: { 'retry-after': '30' } }) },
  { name: '429', answer: () => Response.json({ message: 'slow down' }, { status: 429 }) },
  { name: 'a reset connection', answer: () => fail(new TypeError('fetch failed')) },
  { name: 'a time-out', answer: () => fail(new DOMException('The operation timed out.', 'TimeoutError')) },
  { name: '200 with HTML', answer: () => html(200) },
  { name: '200 with an empty object', answer: () => Response.json({}) },
  { name: '200 with null', answer: () => Response.json(null) },
]

export function html(status: number): Response {
  return new Response('<h1>Something is in the way</h1>', {
    status,
    headers: { 'content-type': 'text/html' },
  })
}

function fail(error: Error): never {
  throw error
}
