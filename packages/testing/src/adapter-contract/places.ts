import assert from 'node:assert/strict'
import { type AdapterCase, adapterCase, echo, probe } from './case.ts'

/** For frameworks that say where a middleware stands. */
export const placeCases: AdapterCase[] = [
  adapterCase('tells once what does not reach it below a prefix, with the fix', async ({ start }) => {
    const told: string[] = []
    const x = { ...probe(echo, '/api'), notice: (text: string) => told.push(text) }
    const url = await start({ mounted: [x], below: '/api' })
    for (let n = 0; n < 3; n++) await (await fetch(`${url}/api/token`)).text()
    assert.equal(told.length, 1, `told ${told.length} times`)
    assert.match(told[0] ?? '', /oauth-authorization-server\/api, .*oauth-protected-resource\/api\/mcp/)
    assert.doesNotMatch(told[0] ?? '', /\/api\/token/)
    assert.match(told[0] ?? '', /outermost|root/)
  }),

  adapterCase('tells nothing of its place at the root', async ({ start }) => {
    const told: string[] = []
    const x = { ...probe(echo, '/api'), notice: (text: string) => told.push(text) }
    const url = await start({ mounted: [x] })
    await (await fetch(`${url}/api/token`)).text()
    assert.deepEqual(told, [])
  }),
]
