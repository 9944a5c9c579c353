import { it } from 'vitest'
import { rehearseRelease } from './rehearse-release.ts'

/** Milliseconds. It installs from a registry and builds three times, beside other tests that do. */
const patience = 600_000

// With every example: `pnpm rehearse-release`.
it(
  'a release can be made, installed from, and upgraded to without anybody noticing',
  () => rehearseRelease([]),
  patience,
)
