import { memory } from '@drawbridge/core'
import { servedV1 } from './application.fixture.ts'
import { environment } from './environment.fixture.ts'

export default servedV1(environment, memory())
