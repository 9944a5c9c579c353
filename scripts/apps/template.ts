import type { Adapter } from './adapters.ts'
import type { Provider } from './providers.ts'

/** The files of an example, by their paths in its folder. */
export function appFiles(provider: Provider, adapter: Adapter): Record<string, string> {
  const name = `${provider.id}-${adapter.id}`
  return {
    'package.json': manifest(name, provider, adapter),
    'README.md': readme(name, provider, adapter),
    'src/main.ts': main(name, provider, adapter),
  }
}

function dependenciesOf(provider: Provider, adapter: Adapter): string[] {
  const all = ['core', 'mcp', provider.id, adapter.id].map((each) => `@drawbridge/${each}`)
  return [...all, ...provider.dependencies, ...adapter.dependencies, '@modelcontextprotocol/sdk'].sort()
}

function manifest(name: string, provider: Provider, adapter: Adapter): string {
  const versions = (names: readonly string[]) =>
    Object.fromEntries(
      names.map((each) => [each, each.startsWith('@drawbridge/') ? 'workspace:*' : 'catalog:']),
    )
  const content = {
    name,
    private: true,
    version: '0.0.0',
    type: 'module',
    engines: { node: '>=22.18' },
    scripts: { start: 'node --env-file-if-exists=.env src/main.ts' },
    dependencies: versions(dependenciesOf(provider, adapter)),
    ...(adapter.devDependencies && { devDependencies: versions(adapter.devDependencies) }),
  }
  return `${JSON.stringify(content, null, 2)}\n`
}

function main(name: string, provider: Provider, adapter: Adapter): string {
  const imports = [
    ...provider.imports,
    `import { drawbridge } from '@drawbridge/${adapter.id}'`,
    "import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'",
    ...adapter.imports,
  ]
  const parts = [
    imports.sort(bySource).join('\n'),
    provider.types,
    'const port = Number(process.env.PORT || 3000)',
    provider.auth,
    'const server = mcp({ auth, server: createServer })',
    adapter.mount,
    `\
function createServer(): McpServer {
  const mcpServer = new McpServer({ name: '${name}', version: '1.0.0' })
${[whoami(provider), provider.tools].filter(Boolean).join('\n')}
  return mcpServer
}`,
    `\
function text(value: string) {
  return { content: [{ type: 'text' as const, text: value }] }
}`,
  ]
  return `${parts.filter(Boolean).join('\n\n')}\n`
}

const sourceOf = (line: string) => line.slice(line.indexOf(" from '"))
const bySource = (a: string, b: string) => (sourceOf(a) < sourceOf(b) ? -1 : 1)

function whoami({ whoami: { type, members, answer } }: Provider): string {
  return `\
  mcpServer.registerTool('whoami', { description: 'Says who you are' }, () => {
    const { ${members} } = requireAuth<${type}>().extra.user
    return text(${answer})
  })`
}

function readme(name: string, provider: Provider, adapter: Adapter): string {
  const { about, console, variables, development, internet } = provider.readme
  const isStoring = provider.dependencies.includes('@drawbridge/sqlite')
  const install = dependenciesOf(provider, adapter).filter((each) => each !== '@modelcontextprotocol/sdk')
  return `\
# ${[provider.label, adapter.label, ...(isStoring ? ['SQLite'] : [])].join(', ')}

${wrapped(`${about} All of it is in [src/main.ts](src/main.ts).`)}

## ${isStoring ? `At ${provider.label}` : 'At the authorization server'}

${wrapped(console)}

## Start it

Put into \`.env\` in this folder:

\`\`\`ini
${lines(variables)}
\`\`\`

At the root of the repository, with Node 20 or later and npm:

\`\`\`sh
${isStoring ? secretLine(name) : ''}npm run -s toolchain -- pnpm install
npm run -s toolchain -- pnpm -F ${name} start
\`\`\`

\`\`\`text
MCP server: http://localhost:3000/mcp
\`\`\`

Connect an MCP client to that address, sign in, and ask it to call \`whoami\`.

## Without an account

A stand-in for development, with people to sign in as and no passwords, starts in a terminal of its own:

\`\`\`sh
npm run -s toolchain -- node packages/testing/src/cli.ts ${development.provider}
\`\`\`

For it, \`.env\` has these in place of the variables above:

\`\`\`ini
${lines(development.variables)}
\`\`\`
${development.without ? `\n${development.without}\n` : ''}
## On the internet

${wrapped(internet)}

## In a project of your own

Copy \`src/main.ts\`, and in the folder of a project with \`"type": "module"\`, on Node 22.18 or later:

\`\`\`sh
npm install ${install.join(' ')} @modelcontextprotocol/sdk
node --env-file=.env src/main.ts
\`\`\`

The stand-in is \`npx -p @drawbridge/testing drawbridge-dev ${development.provider}\` there.
`
}

/** A paragraph in lines of at most 120 characters, however it was written. */
function wrapped(paragraph: string): string {
  return paragraph
    .split(/\s+/)
    .reduce((all, word) =>
      all.length - all.lastIndexOf('\n') + word.length < 121 ? `${all} ${word}` : `${all}\n${word}`,
    )
}

const lines = (variables: Readonly<Record<string, string>>) =>
  Object.entries(variables)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')

const secretLine = (name: string) =>
  `echo "DRAWBRIDGE_SECRET=$(openssl rand -base64 32)" >> apps/${name}/.env\n`
