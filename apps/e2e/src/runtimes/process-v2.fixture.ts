import { memory } from '@drawbridge/core'
import { servedV2 } from './application.fixture.ts'
import { environment } from './environment.fixture.ts'

export default servedV2(environment, memory())
