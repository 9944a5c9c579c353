import { env } from 'cloudflare:workers'
import { d1 } from '@drawbridge/d1'
import { servedV2 } from './application.fixture.ts'

export default servedV2(env, d1({ database: env.DB }))
