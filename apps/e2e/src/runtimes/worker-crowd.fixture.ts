import { env } from 'cloudflare:workers'
import { servedCrowd } from './application.fixture.ts'

const { v1, v2 } = servedCrowd(env, 100)

export default {
  fetch: (request: Request) => (request.headers.get('x-line') === 'v2' ? v2 : v1).fetch(request),
}
