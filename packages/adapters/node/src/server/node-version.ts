import { ConfigurationError } from '@drawbridge/core'

/** Throws {@link ConfigurationError} on a Node that lacks what we use: it would fail at some request. */
export function checkNodeVersion(version: string = process.versions.node): void {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > 22 || (major === 22 && minor >= 13)) return
  throw new ConfigurationError('Node.js', `is ${version}`, 'Drawbridge needs 22.13 or later: update it.')
}
