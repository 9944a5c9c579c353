import { parseArgs } from 'node:util'
import { type ProviderName, providers } from './providers.ts'

const names = Object.keys(providers).sort()

const usage = `drawbridge-dev <${names.join('|')}> [--port 4000]

Starts an identity provider for development, with people to sign in as and no passwords.

  --port   Where it listens on this machine. 0: any free port. Default 4000.`

export type Parsed = { provider: ProviderName; port: number } | { help: string } | { mistake: string }

export function parse(given: readonly string[]): Parsed {
  const options = {
    port: { type: 'string', default: '4000' },
    help: { type: 'boolean', short: 'h' },
  } as const
  try {
    const { values, positionals } = parseArgs({ args: [...given], options, allowPositionals: true })
    if (values.help) return { help: usage }
    return checked(positionals, values.port)
  } catch (error) {
    return mistaken(error instanceof Error ? error.message : String(error))
  }
}

function checked([provider, ...more]: readonly string[], port: string): Parsed {
  if (provider === undefined) return mistaken('Which provider?')
  if (!Object.hasOwn(providers, provider)) return mistaken(`There is no development provider "${provider}".`)
  if (more.length > 0) return mistaken(`One provider at a time; what is "${more.join(' ')}"?`)
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    return mistaken(`"${port}" is no port: pass 0 to 65535.`)
  return { provider: provider as ProviderName, port: Number(port) }
}

function mistaken(text: string): Parsed {
  return { mistake: `${text}\n\n${usage}` }
}
