import { type Listener, listen } from '../listen.ts'
import { parse } from './arguments.ts'
import { atLocalhost } from './localhost.ts'
import { providers } from './providers.ts'

/** Where the command writes. */
export interface Terminal {
  print(text: string): void
  complain(text: string): void
}

/** Starts what the arguments say, or tells what they should have been: then the exit code. */
export async function run(given: readonly string[], terminal: Terminal): Promise<Listener | number> {
  const parsed = parse(given)
  if ('help' in parsed) {
    terminal.print(parsed.help)
    return 0
  }
  if ('mistake' in parsed) {
    terminal.complain(parsed.mistake)
    return 2
  }
  const { provider, port } = parsed
  const { name, variables, start } = providers[provider]
  const { fetch, people } = start()
  const listener = await listen(atLocalhost(fetch), port).catch((error: unknown) => messageOf(error, port))
  if (typeof listener === 'string') {
    terminal.complain(listener)
    return 1
  }
  const url = listener.url.replace('127.0.0.1', 'localhost')
  terminal.print(page({ name, url, variables: Object.entries(variables(url)), people }))
  return listener
}

function messageOf(error: unknown, port: number): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE')
    return `Port ${port} is taken. Choose another one with --port, or any free one with --port 0.`
  if (code === 'EACCES') return `Port ${port} is reserved by the system. Choose one above 1023 with --port.`
  throw error
}

function page({
  name,
  url,
  variables,
  people,
}: {
  name: string
  url: string
  variables: readonly [string, string][]
  people: readonly (readonly string[])[]
}): string {
  const lines = people.map((columns) => `  ${columns.join(', ')}`)
  return `A development ${name} at ${url}
For development only: it asks for no password. It listens on this machine alone.

For .env:

${variables.map(([variable, value]) => `${variable}=${value}`).join('\n')}

Who can sign in:

${lines.join('\n')}

Stop it with Ctrl+C.`
}
