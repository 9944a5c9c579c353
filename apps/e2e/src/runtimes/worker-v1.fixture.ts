import { env } from 'cloudflare:workers'
import { d1 } from '@drawbridge/d1'
import { servedV1 } from './application.fixture.ts'

export default servedV1(env, d1({ database: env.DB }))
