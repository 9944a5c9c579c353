import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { adapters } from './apps/adapters.ts'
import { providers } from './apps/providers.ts'
import { appFiles } from './apps/template.ts'
import { root } from './workspace.ts'

/** The example for each provider with each adapter: its folder, and its files by their paths in there. */
export function apps(): { folder: string; files: Record<string, string> }[] {
  return providers.flatMap((provider) =>
    adapters.map((adapter) => ({
      folder: `apps/${provider.id}-${adapter.id}`,
      files: appFiles(provider, adapter),
    })),
  )
}

/** Writes the examples below a folder. */
export function writeApps(below: string = root): void {
  for (const { folder, files } of apps()) {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(below, folder, path)), { recursive: true })
      writeFileSync(join(below, folder, path), text)
    }
  }
}

/** What differs from what the template makes: `apps/jwt-hono/README.md differs`. */
export function drift(below: string = root): string[] {
  return apps().flatMap(({ folder, files }) => {
    const sources = globSync('src/**/*.*', { cwd: join(below, folder) })
    return [...new Set([...Object.keys(files), ...sources])].flatMap((path) => {
      const there = textOf(join(below, folder, path))
      if (there === files[path]) return []
      const what =
        files[path] === undefined ? 'is not of the template' : there === undefined ? 'is missing' : 'differs'
      return [`${folder}/${path} ${what}`]
    })
  })
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeApps()
  console.log(
    apps()
      .map(({ folder }) => folder)
      .join('\n'),
  )
  console.log('\nWritten. If one is new: pnpm install')
}
