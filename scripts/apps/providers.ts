/** What the examples of one provider have of their own. */
export interface Provider {
  /** The package, `@drawbridge/github`, and the first part of an example's name. */
  id: string
  label: string
  /** Further packages than those that all examples have. */
  dependencies: readonly string[]
  imports: readonly string[]
  /** Types of what the tools read. */
  types?: string
  /** From the port to `auth`. */
  auth: string
  /** What `whoami` reads of a user, and answers. */
  whoami: { type: string; members: string; answer: string }
  /** Further tools, as they are registered on `mcpServer`. */
  tools?: string
  readme: {
    /** One sentence: what it is. */
    about: string
    /** What to do at the provider. */
    console: string
    /** Names and examples of what goes into `.env`. */
    variables: Readonly<Record<string, string>>
    /** Which provider of `drawbridge-dev` stands in, what goes into `.env` for it, and what it cannot do. */
    development: {
      provider: 'github' | 'google' | 'entra' | 'workos'
      variables: Readonly<Record<string, string>>
      without?: string
    }
    /** What is to be changed for the internet. */
    internet: string
  }
}

/** Of all that sign people in here: the server is one app at the provider. */
const proxy = {
  dependencies: ['@drawbridge/sqlite'],
  imports: ["import { oauthProxy } from '@drawbridge/core'", "import { sqlite } from '@drawbridge/sqlite'"],
}

const proxied = (call: string, comment: string) => `\
${comment}
const auth = oauthProxy({
  issuer: process.env.DRAWBRIDGE_ISSUER || \`http://localhost:\${port}\`,
  provider: ${call},
  storage: sqlite({ path: process.env.DATABASE || 'auth.db' }),
})
await auth.ready()`

const internet = (there: string) => `\
Set \`DRAWBRIDGE_ISSUER\` to the server's public https URL, and ${there}. Keep \`DRAWBRIDGE_SECRET\`: it opens \`auth.db\`, which
has everybody's sign-in. \`PORT\` and \`DATABASE\` are where it listens and where that file is.`

const developmentApp = (name: string) => ({
  [`DRAWBRIDGE_${name}_CLIENT_ID`]: 'dev-client',
  [`DRAWBRIDGE_${name}_CLIENT_SECRET`]: 'dev-secret',
})

export const providers: readonly Provider[] = [
  {
    id: 'github',
    label: 'GitHub',
    dependencies: proxy.dependencies,
    imports: [
      ...proxy.imports,
      "import { type GitHubUser, github } from '@drawbridge/github'",
      "import { mcp, requireAuth, upstreamFetch } from '@drawbridge/mcp'",
    ],
    types: `\
/** What the tool reads of a repository. */
interface Repository {
  full_name: string
}`,
    auth: proxied(
      'github()',
      `\
// The client id and secret come from DRAWBRIDGE_GITHUB_CLIENT_ID and DRAWBRIDGE_GITHUB_CLIENT_SECRET, the issuer and
// the secret from DRAWBRIDGE_ISSUER and DRAWBRIDGE_SECRET. What is missing is said at start-up.`,
    ),
    whoami: { type: 'GitHubUser', members: 'login', answer: 'login' },
    tools: `\
  mcpServer.registerTool('repositories', { description: 'Lists your newest repositories' }, async () => {
    const response = await upstreamFetch('https://api.github.com/user/repos?sort=created&per_page=10')
    if (!response.ok) throw new Error(\`GitHub answered \${response.status}\`)
    const repositories = (await response.json()) as Repository[]
    return text(repositories.map(({ full_name }) => full_name).join('\\n'))
  })`,
    readme: {
      about: 'An MCP server whose users sign in with GitHub, with a tool that lists their repositories.',
      console: `\
In your [developer settings](https://github.com/settings/developers), choose _OAuth Apps_, _New OAuth app_. The homepage
is any URL of yours, and the callback URL is \`http://localhost:3000/callback/github\`. _Generate a new client secret_ shows
the secret once.`,
      variables: {
        DRAWBRIDGE_GITHUB_CLIENT_ID: 'your-client-id',
        DRAWBRIDGE_GITHUB_CLIENT_SECRET: 'your-client-secret',
      },
      development: {
        provider: 'github',
        variables: { ...developmentApp('GITHUB'), DRAWBRIDGE_GITHUB_HOST: 'http://localhost:4000' },
        without: 'The tool asks the real GitHub, which does not know these people.',
      },
      internet: internet("the app's callback URL to that followed by `/callback/github`"),
    },
  },
  {
    id: 'google',
    label: 'Google',
    dependencies: proxy.dependencies,
    imports: [
      ...proxy.imports,
      "import { type GoogleUser, google } from '@drawbridge/google'",
      "import { mcp, requireAuth, upstreamFetch } from '@drawbridge/mcp'",
    ],
    types: `\
const calendar = 'https://www.googleapis.com/calendar/v3/calendars/primary'

/** What the tool reads of a calendar. */
interface Events {
  items: { summary?: string; start: { date?: string; dateTime?: string } }[]
}`,
    auth: proxied(
      "google({ scopes: ['openid', 'email', 'profile', 'calendar.events.readonly'] })",
      `\
// The client id and secret come from DRAWBRIDGE_GOOGLE_CLIENT_ID and DRAWBRIDGE_GOOGLE_CLIENT_SECRET, the issuer and
// the secret from DRAWBRIDGE_ISSUER and DRAWBRIDGE_SECRET. What is missing is said at start-up.`,
    ),
    whoami: { type: 'GoogleUser', members: 'name, email', answer: `\`\${name} <\${email}>\`` },
    tools: `\
  mcpServer.registerTool('agenda', { description: 'Lists your next appointments' }, async () => {
    const query = \`timeMin=\${new Date().toISOString()}&singleEvents=true&orderBy=startTime&maxResults=10\`
    const response = await upstreamFetch(\`\${calendar}/events?\${query}\`)
    if (!response.ok) throw new Error(\`Google answered \${response.status}\`)
    const { items } = (await response.json()) as Events
    return text(items.map(({ summary, start }) => \`\${start.dateTime ?? start.date} \${summary}\`).join('\\n'))
  })`,
    readme: {
      about: 'An MCP server whose users sign in with Google, with a tool that lists their next appointments.',
      console: `\
In the [Google Cloud console](https://console.cloud.google.com/auth/clients), choose a project, then _Clients_, _Create
client_, _Web application_, and add the redirect URI \`http://localhost:3000/callback/google\`. The first time, Google asks
for the name of your app and its audience: _Internal_ lets in your organization alone, _External_ those whom you name as
test users, until you publish it. For the appointments, enable the
[Google Calendar API](https://console.cloud.google.com/apis/library/calendar-json.googleapis.com); who wants none of them
takes \`calendar.events.readonly\` and the tool out of \`src/main.ts\`.`,
      variables: {
        DRAWBRIDGE_GOOGLE_CLIENT_ID: 'your-client-id',
        DRAWBRIDGE_GOOGLE_CLIENT_SECRET: 'your-client-secret',
      },
      development: {
        provider: 'google',
        variables: { ...developmentApp('GOOGLE'), DRAWBRIDGE_GOOGLE_ISSUER: 'http://localhost:4000' },
        without: 'The tool asks the real Google, which does not know these people.',
      },
      internet: internet("add that followed by `/callback/google` to the client's redirect URIs"),
    },
  },
  {
    id: 'azure',
    label: 'Microsoft',
    dependencies: proxy.dependencies,
    imports: [
      ...proxy.imports,
      "import { type AzureUser, azure } from '@drawbridge/azure'",
      "import { mcp, requireAuth, upstreamFetch } from '@drawbridge/mcp'",
    ],
    types: `\
const graph = 'https://graph.microsoft.com'

/** What the tool reads of a profile. */
interface Profile {
  jobTitle: string | null
  department: string | null
  officeLocation: string | null
}`,
    auth: proxied(
      `azure({ scopes: ['openid', 'profile', 'email', \`\${graph}/User.Read\`] })`,
      `\
// The tenant, the client id and the secret come from DRAWBRIDGE_AZURE_TENANT, DRAWBRIDGE_AZURE_CLIENT_ID and
// DRAWBRIDGE_AZURE_CLIENT_SECRET, the issuer and the secret that seals from DRAWBRIDGE_ISSUER and DRAWBRIDGE_SECRET.
// What is missing is said at start-up.`,
    ),
    whoami: {
      type: 'AzureUser',
      members: 'name, preferred_username',
      answer: `\`\${name} <\${preferred_username}>\``,
    },
    tools: `\
  mcpServer.registerTool('profile', { description: 'Says where you work, and as what' }, async () => {
    const response = await upstreamFetch(\`\${graph}/v1.0/me?$select=jobTitle,department,officeLocation\`)
    if (!response.ok) throw new Error(\`Microsoft Graph answered \${response.status}\`)
    const { jobTitle, department, officeLocation } = (await response.json()) as Profile
    return text([jobTitle, department, officeLocation].filter(Boolean).join(', '))
  })`,
    readme: {
      about:
        'An MCP server whose users sign in with Microsoft Entra, with a tool that reads their profile at Microsoft Graph.',
      console: `\
In the [Microsoft Entra admin center](https://entra.microsoft.com), choose _App registrations_, _New registration_: a name,
_Accounts in this organizational directory only_, and under _Redirect URI_ the platform _Web_ with
\`http://localhost:3000/callback/azure\`. The overview page shows the _Application (client) ID_ and the _Directory (tenant)
ID_. Under _Certificates & secrets_, _New client secret_ makes a secret; its _Value_ is shown once. The permission
_User.Read_ of Microsoft Graph, which the tool needs, is there from the beginning.`,
      variables: {
        DRAWBRIDGE_AZURE_TENANT: 'your-directory-id',
        DRAWBRIDGE_AZURE_CLIENT_ID: 'your-client-id',
        DRAWBRIDGE_AZURE_CLIENT_SECRET: 'your-client-secret',
      },
      development: {
        provider: 'entra',
        variables: {
          ...developmentApp('AZURE'),
          DRAWBRIDGE_AZURE_AUTHORITY: 'http://localhost:4000',
          DRAWBRIDGE_AZURE_TENANT: 'ac3e0000-0000-4000-8000-000000000001',
        },
        without: 'The tool asks the real Microsoft Graph, which does not know these people.',
      },
      internet: internet(
        'add that followed by `/callback/azure` to the redirect URIs of the app registration',
      ),
    },
  },
  {
    id: 'workos',
    label: 'WorkOS',
    dependencies: proxy.dependencies,
    imports: [
      ...proxy.imports,
      "import { mcp, requireAuth } from '@drawbridge/mcp'",
      "import { type WorkOSUser, workos } from '@drawbridge/workos'",
    ],
    auth: proxied(
      'workos()',
      `\
// AuthKit's domain, the client id and the secret come from DRAWBRIDGE_WORKOS_DOMAIN, DRAWBRIDGE_WORKOS_CLIENT_ID and
// DRAWBRIDGE_WORKOS_CLIENT_SECRET, the issuer and the secret that seals from DRAWBRIDGE_ISSUER and DRAWBRIDGE_SECRET.
// What is missing is said at start-up.`,
    ),
    whoami: { type: 'WorkOSUser', members: 'name, email', answer: `\`\${name} <\${email}>\`` },
    readme: {
      about: 'An MCP server whose users sign in with WorkOS AuthKit.',
      console: `\
In the [WorkOS dashboard](https://dashboard.workos.com), choose _Applications_, _Create Application_, _OAuth_, first-party.
Add the redirect URI \`http://localhost:3000/callback/workos\`, and generate a client secret. The AuthKit domain is there as
well: \`acme.authkit.app\`, or one of your own.`,
      variables: {
        DRAWBRIDGE_WORKOS_DOMAIN: 'acme.authkit.app',
        DRAWBRIDGE_WORKOS_CLIENT_ID: 'your-client-id',
        DRAWBRIDGE_WORKOS_CLIENT_SECRET: 'your-client-secret',
      },
      development: {
        provider: 'workos',
        variables: { ...developmentApp('WORKOS'), DRAWBRIDGE_WORKOS_DOMAIN: 'http://localhost:4000' },
      },
      internet: internet('add that followed by `/callback/workos` to the redirect URIs of the application'),
    },
  },
  {
    id: 'jwt',
    label: 'JWT',
    dependencies: [],
    imports: [
      "import { resourceServer } from '@drawbridge/core'",
      "import { type JwtClaims, jwtVerifier } from '@drawbridge/jwt'",
      "import { mcp, requireAuth } from '@drawbridge/mcp'",
    ],
    auth: `\
// Where clients sign in. Its tokens are good here if they are for this resource.
const issuer = process.env.DRAWBRIDGE_JWT_ISSUER ?? ''
const auth = resourceServer({
  resource: process.env.DRAWBRIDGE_RESOURCE || \`http://localhost:\${port}/mcp\`,
  authorizationServers: [issuer],
  // What clients ask for there.
  scopes: ['openid'],
  verifier: jwtVerifier({ issuer }),
})`,
    whoami: { type: 'JwtClaims', members: 'sub', answer: 'sub' },
    readme: {
      about:
        'An MCP server that checks tokens, and leaves the rest to an authorization server that registers MCP clients itself.',
      console: `\
Let your authorization server register clients (dynamic client registration, or client ID metadata documents), and sign
its access tokens as JWTs. It has to put \`http://localhost:3000/mcp\` into \`aud\` when a client asks for that resource
(RFC 8707); many want the resource to be added as an API first. There is no callback here: clients have their own.`,
      variables: { DRAWBRIDGE_JWT_ISSUER: 'https://login.acme.dev' },
      development: { provider: 'workos', variables: { DRAWBRIDGE_JWT_ISSUER: 'http://localhost:4000' } },
      internet: `\
Set \`DRAWBRIDGE_RESOURCE\` to the public https URL of the server with \`/mcp\` at its end, and let the authorization server
know that one. \`PORT\` is where it listens. There is nothing to store.`,
    },
  },
]
