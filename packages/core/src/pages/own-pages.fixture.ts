import type { Clock } from '../clock.ts'
import type { Occurrence } from '../events.ts'
import type { AccountPage } from './account.ts'
import type { ConsentPage } from './consent.ts'
import type { ErrorPage } from './error.ts'
import { type Content, html } from './html.ts'
import type { OwnPages, PageContext, PageName, Rendered } from './own-pages.ts'
import type { ConsentData, PageData } from './page-data.ts'
import { button, checkbox, field, form, shown } from './page-parts.ts'
import { createPages, type PagesOptions, type ShownPages } from './pages.ts'
import { renderer } from './renderer.ts'
import type { SignInPage } from './sign-in.ts'

export const consent: ConsentPage = {
  client: { id: 'client-1', name: 'Claude' },
  redirect: { uri: 'http://127.0.0.1:33418/callback', kind: 'loopback' },
  scopes: [{ name: 'email' }, { name: 'files:write' }],
  resource: { url: 'https://mcp.acme.dev/mcp' },
  providers: [{ id: 'github', label: 'GitHub', choice: true }],
  lifetime: { idle: 30 * 86_400, absolute: 180 * 86_400 },
  csrf: 'csrf-1',
  action: 'https://mcp.acme.dev/consent?transaction=t',
}
export const twoProviders = [
  { id: 'github', label: 'GitHub' },
  { id: 'acme', label: 'Acme' },
]
export const signIn: SignInPage = {
  label: 'your Acme account',
  leadsTo: { client: 'Claude' },
  fields: [
    { name: 'username', label: 'User name', type: 'text' },
    { name: 'password', label: 'Password', type: 'password' },
  ],
  csrf: 'csrf-1',
  action: '/sign-in/acme?state=s',
}
export const account: AccountPage = {
  account: { name: 'octocat', provider: { id: 'github', label: 'GitHub' } },
  clients: ['Claude', 'Cursor'].map((name) => ({
    ...{ id: name, anchor: name, name, destinations: [`${name.toLowerCase()}.example`], kind: 'https' },
    access: [{ resource: { url: 'https://mcp.acme.dev/mcp' }, scopes: [{ name: 'email' }] }],
    ...{ since: 1, used_at: 2, ends_at: 3, endsForDisuse: true, doubted: name === 'Cursor' },
  })),
  apiKeys: [{ id: 'key-1', anchor: 'key-1', name: 'Builds', hint: 'dbk_...abcd', since: 1 }],
  anotherUrl: 'https://mcp.acme.dev/account?account=choose',
  csrf: 'csrf-1',
  action: 'https://mcp.acme.dev/account',
}
export const signedOut = {
  ...{ providers: twoProviders, csrf: 'csrf-1', action: 'https://mcp.acme.dev/account' },
  openUrl: 'https://mcp.acme.dev/account',
}
export const refused: ErrorPage = {
  ...{ error: 'otherBrowser', status: 403, reference: 'Zk3vQ0pLr9xA', retryAfter: 5 },
  backTo: { url: 'acme-app://back?error=x', host: 'acme-app' },
}

/** What a person gets where these are the operator's pages, and what the operator hears. */
export function site(pages: OwnPages, more: Partial<PagesOptions> = {}) {
  const events: Occurrence[] = []
  let wake = () => {}
  let asleep = 0
  const clock: Clock = {
    now: () => 0,
    sleep: (milliseconds) => {
      asleep = milliseconds
      return new Promise((resolve) => {
        wake = resolve
      })
    },
  }
  const emit = (event: Occurrence) => events.push(event)
  const shownPages = (language = 'en') =>
    createPages({
      ...{ issuer: 'https://mcp.acme.dev', name: 'Acme Tools', ...more },
      renderer: renderer(pages, { emit, clock }),
    }).for(new Request('https://mcp.acme.dev', { headers: { 'accept-language': language } }))
  return { events, pages: shownPages(), in: shownPages, wake: () => wake(), asleep: () => asleep }
}

export const all: readonly [keyof OwnPages, (pages: ShownPages) => Promise<Response>][] = [
  ['consent', (pages) => pages.consent(consent)],
  ['error', (pages) => pages.error(refused)],
  ['signIn', (pages) => pages.signIn(signIn)],
  ['done', (pages) => pages.done()],
  ['account', (pages) => pages.account(account)],
  ['signedOut', (pages) => pages.signedOut(signedOut)],
]

export const byOwn = /<title>Own: /

/** The consent page of a function, and what is said to the operator. */
export async function consentBy(
  make: (page: ConsentData, context: PageContext) => unknown,
  data: Partial<ConsentPage> = {},
): Promise<{ text: string; told: string | undefined }> {
  const { pages, events } = site({ consent: make as OwnPages['consent'] })
  const text = await (await pages.consent({ ...consent, ...data })).text()
  const [event] = events
  return { text, told: event?.type === 'page.failed' ? `${event.reason}: ${event.detail}` : undefined }
}

type Part =
  | 'client'
  | 'standing'
  | 'destination'
  | 'warnings'
  | 'scopes'
  | 'approve'
  | 'deny'
  | 'more'
  | 'form'

/** The good consent page, with one thing different. */
export function bent(part: (page: ConsentData) => Partial<Record<Part, Content>>) {
  return (page: ConsentData): Rendered => {
    const parts: Partial<Record<Part, Content>> = {
      client: shown(page.client.name),
      standing: shown(page.client.standing.words),
      destination: shown(page.redirect.destination),
      warnings: page.warnings.map(shown),
      scopes: page.scopes.map(({ words }) => shown(words)),
      approve: page.approve.map((choice) => button(choice)),
      deny: button(page.deny),
      ...part(page),
    }
    const { client, standing, destination, warnings, scopes, more } = parts
    const answers = html`<div>${parts.approve}</div><div>${parts.deny}</div>`
    const made = 'form' in parts ? parts.form : form(page.form, answers)
    const body = html`<h1>Hello</h1>${[client, standing, destination, warnings, scopes, more]}${made}`
    return { title: 'Own: consent', body }
  }
}

/** Every page, as somebody would write it who has read the guide. */
export const goodPages: {
  [Name in PageName]: (page: PageData[Name], context: PageContext) => Rendered
} = {
  consent: (page, { messages }) => ({
    title: `Own: ${page.client.name.text}`,
    body: html`<main>
<h1>${shown(page.client.name)} (${shown(page.client.standing.words)}) wants in</h1>
<p>It is answered at ${shown(page.redirect.destination)}.</p>
${page.warnings.map((warning) => html`<p>${shown(warning)}</p>`)}
<ul>${page.scopes.map(({ words }) => html`<li>${shown(words)}</li>`)}</ul>
${form(
  page.form,
  html`${page.again && html`<p>${messages.formAgain} <a href="${page.again.openUrl}">${messages.openInBrowser}</a></p>`}
${page.otherAccount && checkbox(page.otherAccount)}
${page.approve.map((choice) => button(choice, { class: 'yes' }))}
${button(page.deny)}`,
)}
</main>`,
  }),
  error: (page, { messages }) => ({
    title: `Own: ${page.title}`,
    body: html`<h1>${page.message}</h1> ${page.reference && html`<p>${shown(page.reference)}</p>`}
${page.backTo && html`<a href="${page.backTo.url}">${messages.backTo(page.backTo.host)}</a>`}`,
  }),
  signIn: (page) => ({
    title: `Own: ${page.label}`,
    body: html`<h1>${page.label}</h1>${page.client && html`<p>For ${shown(page.client)}</p>`}
${page.error && html`<p role="alert">${page.error}</p>`}
${form(page.form, [page.fields.map((one) => field(one)), button(page.signIn), button(page.deny)])}`,
  }),
  done: (_, { messages, frame }) => ({
    title: `Own: ${messages.doneTitle}`,
    body: frame(html`<h1>${messages.doneMessage}</h1>`),
  }),
  account: (page) => ({
    title: `Own: ${page.account.name}`,
    body: html`<h1>${page.account.name}</h1>
${form(
  page.form,
  html`${page.signInAgain && button(page.signInAgain)}
<ul>${page.clients.map(
    ({ name, destination, warning, end }) =>
      html`<li>${shown(name)} at ${shown(destination)} ${warning && shown(warning)} ${button(end)}</li>`,
  )}</ul>
<ul>${page.apiKeys.map(({ name, end }) => html`<li>${shown(name)} ${button(end)}</li>`)}</ul>
${page.endAll && button(page.endAll)} ${button(page.signOut)}`,
)}`,
  }),
  signedOut: (page) => ({
    title: 'Own: who?',
    body: html`<h1>Who are you?</h1>${form(
      page.form,
      page.signIn.map((choice) => button(choice)),
    )}`,
  }),
}
