import type { Environment } from './application.fixture.ts'

/** Of a process that was started with these variables, on Node, Deno or Bun. */
export const environment: Environment = {
  ISSUER: named('ISSUER'),
  GITHUB: named('GITHUB'),
  SECRET: named('SECRET'),
  GATE: named('GATE'),
}

function named(name: keyof Environment): string {
  const value = process.env[name]
  if (value === undefined) throw new Error(`${name} is not set`)
  return value
}
