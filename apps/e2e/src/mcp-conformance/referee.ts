import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** What the `server` scenarios of one revision of the protocol say about a server. */
export interface Verdict {
  /** The scenarios that ran, by name. */
  scenarios: string[]
  /** `scenario / check`, with what was wrong. */
  failed: Map<string, string>
  /** The same for what a server had better do. */
  warned: Map<string, string>
  /** What the command wrote. */
  output: string
}

interface Check {
  id: string
  status: string
  errorMessage?: string
}

const main = join(
  dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json')),
  'dist/index.js',
)

/**
 * Runs `@modelcontextprotocol/conformance server`, with all that a revision requires and what it only reports.
 *
 * @param only one scenario of these
 */
export async function referee(
  url: string,
  revision: '2025-11-25' | '2026-07-28',
  only?: string,
): Promise<Verdict> {
  const folder = await mkdtemp(join(tmpdir(), 'drawbridge-conformance-'))
  try {
    const choice = only ? ['--scenario', only, '--spec-version', revision] : ['--requirements', revision]
    const output = await run([main, 'server', '--url', url, '-o', folder, ...choice])
    const verdict: Verdict = { scenarios: [], failed: new Map(), warned: new Map(), output }
    for (const entry of (await readdir(folder)).sort()) {
      const scenario = entry.replace(/^server-/, '').replace(/-\d{4}-\d{2}-\d{2}T.*$/, '')
      verdict.scenarios.push(scenario)
      const checks: Check[] = JSON.parse(await readFile(join(folder, entry, 'checks.json'), 'utf8'))
      for (const { id, status, errorMessage = '' } of checks) {
        if (status === 'FAILURE') verdict.failed.set(`${scenario} / ${id}`, errorMessage)
        if (status === 'WARNING') verdict.warned.set(`${scenario} / ${id}`, errorMessage)
      }
    }
    // A scenario that could not be run to its end leaves no file.
    for (const [, scenario = ''] of output.matchAll(/^Failed to run scenario ([\w-]+):/gm))
      verdict.failed.set(scenario, 'failed to run')
    return verdict
  } finally {
    await rm(folder, { recursive: true })
  }
}

function run(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const read = (chunk: Buffer) => {
      output += chunk
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.once('error', reject)
    child.once('close', () => resolve(output))
  })
}
