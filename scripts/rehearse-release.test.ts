import { it } from 'vitest'
import { rehearseRelease } from './rehearse-release.ts'

// With every example: `pnpm rehearse-release`.
it('a release can be made, installed from, and upgraded to without anybody noticing', async () => {
  await rehearseRelease([])
})
