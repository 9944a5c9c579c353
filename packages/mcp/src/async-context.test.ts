import { expect, test, vi } from 'vitest'
import { asyncContext } from './async-context.ts'

test('a runtime is asked for AsyncLocalStorage, and need have neither the module nor a process', () => {
  expect(asyncContext()).toBeDefined()
  vi.stubGlobal('process', undefined)
  try {
    expect(asyncContext()).toBeUndefined()
    vi.stubGlobal(
      'AsyncLocalStorage',
      class {
        run = () => 'ran'
      },
    )
    expect(asyncContext()?.run(1, () => 'not this')).toBe('ran')
  } finally {
    vi.unstubAllGlobals()
  }
})
