import { readFileSync } from 'node:fs'
import type { SdkLine } from './under-test.ts'

/** A line of the SDK, and a revision of the protocol that it speaks. */
export interface Run {
  line: SdkLine
  revision: '2025-11-25' | '2026-07-28'
}

export const runs: readonly Run[] = [
  { line: 'v1', revision: '2025-11-25' },
  { line: 'v2', revision: '2025-11-25' },
  { line: 'v2', revision: '2026-07-28' },
]

/** What cannot pass, by scenario: the table of the decision's page, where the reasons are. */
export function listed({ line, revision }: Run): string[] {
  const page = new URL('../../../../docs/decisions/mcp-conformance.md', import.meta.url)
  return readFileSync(page, 'utf8')
    .split('\n')
    .map((row) => row.split('|').map((cell) => cell.trim()))
    .filter(([, , lines, revisions]) => lines?.includes(line) && revisions?.includes(revision))
    .flatMap(([, scenarios = '']) => [...scenarios.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name))
    .sort()
}

/** The scenarios of checks such as `tools-list / tools-name-format`. */
export function scenariosOf(checks: ReadonlyMap<string, string>): string[] {
  return [...new Set([...checks.keys()].map((check) => check.split(' / ')[0] ?? ''))].sort()
}
