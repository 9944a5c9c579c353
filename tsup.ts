import { readFileSync } from 'node:fs'
import type { Options } from 'tsup'

/**
 * How every package is bundled. Each module its package.json exports in development becomes one of `dist`;
 * declarations come from `tsc`, since tsup's own do not work with TypeScript 7.
 *
 * @param options.platform `neutral` makes an import of a Node built-in fail the build.
 */
export function library(options: { platform: 'neutral' | 'node' }): Options {
  const manifest: { exports: Record<string, string> } = JSON.parse(readFileSync('package.json', 'utf8'))
  return {
    entry: Object.values(manifest.exports),
    format: 'esm',
    platform: options.platform,
    target: 'es2023',
    clean: true,
    // By default tsup writes `sqlite` for `node:sqlite`, and such a module does not exist.
    removeNodeProtocol: false,
  }
}
