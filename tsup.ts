import { readFileSync } from 'node:fs'
import { resolve, sep } from 'node:path'
import type { Options } from 'tsup'

interface Manifest {
  name: string
  /** Each a module, or one for each runtime. */
  exports: Record<string, string | Record<string, string>>
  /** Commands. */
  bin?: Record<string, string>
}

/**
 * How every package is bundled. Each module its package.json exports in development, for whatever runtime, and each
 * command becomes one of `dist`; declarations come from `tsc`, since tsup's own do not work with TypeScript 7.
 *
 * @param options.platform `neutral` makes an import of a Node built-in fail the build.
 * @param options.builtinsIn The folder whose modules may import them all the same.
 */
export function library(options: { platform: 'neutral' | 'node'; builtinsIn?: string }): Options {
  const { name, exports, bin = {} }: Manifest = JSON.parse(readFileSync('package.json', 'utf8'))
  return {
    entry: Object.values({ ...exports, ...bin }).flatMap((entry) =>
      typeof entry === 'string' ? [entry] : Object.values(entry),
    ),
    // What a package imports by its own name is chosen by the runtime, and not here.
    external: [new RegExp(`^${name}/`)],
    esbuildPlugins: options.builtinsIn ? [builtins(resolve(options.builtinsIn) + sep)] : [],
    format: 'esm',
    platform: options.platform,
    target: 'es2023',
    clean: true,
    // By default tsup writes `sqlite` for `node:sqlite`, and such a module does not exist.
    removeNodeProtocol: false,
  }
}

function builtins(folder: string): NonNullable<Options['esbuildPlugins']>[number] {
  return {
    name: 'built-ins in one folder',
    setup(build) {
      build.onResolve({ filter: /^node:/ }, ({ importer }) =>
        importer.startsWith(folder) ? { external: true } : undefined,
      )
    },
  }
}
