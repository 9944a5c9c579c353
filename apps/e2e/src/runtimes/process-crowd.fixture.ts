import { servedCrowd } from './application.fixture.ts'
import { environment } from './environment.fixture.ts'

const { v1, v2 } = servedCrowd(environment, 100)

export default {
  fetch: (request: Request): Promise<Response> =>
    (request.headers.get('x-line') === 'v2' ? v2 : v1).fetch(request),
}
