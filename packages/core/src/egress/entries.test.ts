import * as here from '@drawbridge/core/egress'
import { describe, expect, it } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import * as unknown from '../egress.ts'
import * as node from './node.ts'
import * as workerd from './workerd.ts'

describe('@drawbridge/core/egress', () => {
  it('is the one for Node here', () => {
    expect(here.egress).toBe(node.egress)
  })

  it('exports the same on every runtime, since all share the types of one', () => {
    const names = Object.keys(unknown).sort()
    expect([Object.keys(node).sort(), Object.keys(workerd).sort()]).toEqual([names, names])
  })

  it('is named in development and when published for the same runtimes, in the same order', () => {
    const { types, ...published } = manifest.publishConfig.exports['./egress']
    expect(types).toBe('./dist/egress.d.ts')
    const built = Object.entries(published).map(([runtime, file]) => [
      runtime,
      file.replace(/dist(.*)js$/, 'src$1ts'),
    ])
    expect(built).toEqual(Object.entries(manifest.exports['./egress']))
  })

  it('fetches nothing where nobody knows what a fetch reaches, and says what to do', async () => {
    const fetched = unknown.egress('https://client.example/', { maxBytes: 1, timeout: 1 })
    await expect(fetched).rejects.toMatchObject({
      name: 'EgressFailed',
      message: 'The address could not be fetched',
      reason: 'runtime',
      cause: { name: 'ConfigurationError', message: expect.stringContaining('trustedProxy({ fetch })') },
    })
  })
})
