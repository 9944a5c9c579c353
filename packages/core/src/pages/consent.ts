import { webUrl } from '../syntax/web-url.ts'
import { type Html, html } from './html.ts'
import { date, mark, type Page, type Shell } from './layout.ts'
import type { Messages } from './messages.ts'
import { type ShownScope, scopeWords } from './scope-words.ts'
import { displayText, isolate, mixesAlphabets, phrase } from './text.ts'
import { urlText, webLink } from './web-link.ts'

/** What the consent page shows. Nothing in the form is trusted when it comes back, the transaction is. */
export interface ConsentPage {
  client: ConsentClient
  redirect: {
    uri: string
    kind: RedirectKind
  }
  /** The effective ones. */
  scopes: readonly ShownScope[]
  resource: { url: string; name?: string | undefined }
  /** One: its button approves. Several: one button each. */
  providers: readonly ConsentProvider[]
  /** Who signed in here last in this browser, and will most likely do so again. */
  account?: { name: string; provider: string } | undefined
  /** The client has the provider ask for an account, or for a new sign-in, whatever the person says here. */
  asksAccount?: boolean | undefined
  /** Seconds that access lasts: while it lies unused, and at most. Absent: whoever issues it does not say. */
  lifetime?: { idle: number; absolute: number } | undefined
  /** Whether the same is not asked again. */
  remembers?: boolean | undefined
  /** Where people see what they let in, and end it. */
  accountUrl?: string | undefined
  /** Of whoever runs the server. */
  policies?: Policies | undefined
  /** The answer to this form was not taken, since it came without what the page had set. */
  again?: { openUrl: string } | undefined
  /** Comes back as the form's `csrf`. */
  csrf: string
  /** Where the form is posted. */
  action: string
}

interface ConsentProvider {
  id: string
  label: string
  icon?: { svg: string } | undefined
  /** It can be told to ask which account to use. */
  choice?: boolean | undefined
  /** It asks who is there each time. */
  always?: boolean | undefined
}

/** URLs. */
interface Policies {
  privacy?: string | undefined
  terms?: string | undefined
}

/** What kind of address the client is answered at (RFC 8252 7). */
type RedirectKind = 'loopback' | 'https' | 'private-use'

interface ConsentClient {
  id: string
  /** As the client gave it: unverified, unless it is `listed`. */
  name?: string | undefined
  uri?: string | undefined
  /** The domain that publishes the client's metadata document. */
  verifiedDomain?: string | undefined
  /** The operator wants people to look twice at that domain. */
  doubted?: boolean | undefined
  /** The operator listed this client, so its name is the operator's. */
  listed?: boolean | undefined
  /** Unix seconds. */
  registeredAt?: number | undefined
  /** What it says are its own. */
  policies?: Policies | undefined
}

/**
 * Asks whether a client may act for the person, before anyone signs in. The form posts `csrf` with `decision=deny`,
 * `decision=approve`, or, where there are several providers, `provider=<id>`, which approves; and `account=choose` for who
 * would use another account than the one they are signed in with there. `again=yes`: it is shown for the second time.
 */
export function consentPage(shell: Shell, data: ConsentPage): Page {
  const { messages } = shell
  const client = clientName(data.client, messages)
  const server = displayText(data.resource.name ?? shell.name)
  return {
    status: data.again ? 403 : 200,
    title: messages.consentTitle(isolate(client), isolate(server)),
    body: html`
<h1>${phrase(messages.consentHeading(isolate(client), isolate(server)))}</h1>
${data.again && html`<p class="notice" role="alert">${messages.formAgain} <a href="${data.again.openUrl}" target="_blank" rel="noopener">${messages.openInBrowser}</a></p>`}
<dl class="facts">
${fact(messages.clientLabel, html`<b><bdi>${client}</bdi></b> ${standing(shell, data)}`)}
${fact(
  messages.redirectLabel,
  html`<b>${urlText(destination(data.redirect))}</b>
${redirectHint(data.redirect.kind, messages)}`,
)}
${fact(messages.resourceLabel, urlText(data.resource.url.replace(/^https:\/\//, '')))}
</dl>
${scopes(shell, data)}
<form method="post" action="${data.action}" id="${formId}" autocomplete="off">
<input type="hidden" name="csrf" value="${data.csrf}">
${data.again && html`<input type="hidden" name="again" value="yes">`}
<dl class="facts">
${fact(messages.accountLabel, account(data, messages))}
${data.lifetime && fact(messages.lastsLabel, duration(data.lifetime, data.remembers, messages))}
${fact(messages.endLabel, ending(data, messages))}
</dl>
<p class="small quiet">${phrase(nextStep(data, messages))}</p>
${approveButtons(data.providers, messages)}
<button class="plain" name="decision" value="deny">${messages.cancel}</button>
</form>
${policies(server, data.policies, messages)}
${technicalDetails(shell, data)}`,
  }
}

/** Buttons outside of the form name it. */
const formId = 'answer'

function fact(label: string, content: Html): Html {
  return html`<div>
<dt>${label}</dt>
<dd>${content}</dd>
</div>`
}

const nameLimit = 50

export function clientName(client: Pick<ConsentClient, 'name'>, messages: Messages): string {
  return displayText(client.name ?? '', nameLimit) || messages.unnamedClient
}

/** How far the client's name can be believed. */
export function standing(
  { messages, name }: Shell,
  { client, redirect }: { client: Omit<ConsentClient, 'id'>; redirect: { kind: RedirectKind } },
): Html {
  const warning =
    !client.listed &&
    mixesAlphabets(displayText(client.name ?? '', nameLimit)) &&
    html`<p class="notice">${messages.mixedAlphabets}</p>`
  const [badge, hint] = standingText(messages, name, client, redirect.kind)
  const proven = isProven(client, redirect.kind)
  return html`<span class="${proven ? 'badge good' : 'badge'}">${phrase(badge)}</span>
${hint && html`<p class="small quiet">${phrase(hint)}</p>`}${warning}
${client.doubted && html`<p class="notice">${messages.doubtedDomain}</p>`}`
}

/**
 * Any program on the device can use a public client's identifier with other redirects (RFC 8252 8.6). And a domain to look
 * twice at is not to be waved through by a colour.
 */
export function isProven(
  { doubted, listed, verifiedDomain }: Omit<ConsentClient, 'id'>,
  kind: RedirectKind,
): boolean {
  return kind === 'https' && !doubted && Boolean(listed || verifiedDomain)
}

export function standingText(
  messages: Messages,
  server: string,
  client: Omit<ConsentClient, 'id'>,
  kind: RedirectKind,
): [badge: string, hint: string] {
  if (client.listed) return [messages.listed, messages.listedHint(isolate(displayText(server)))]
  const named = displayText(client.name ?? '') !== ''
  if (!client.verifiedDomain) return [messages.unverified, named ? messages.unverifiedHint : '']
  const domain = isolate(displayText(client.verifiedDomain, 253))
  return kind === 'https'
    ? [messages.verifiedDomain(domain), messages.verifiedDomainHint(domain)]
    : [messages.claimedDomain(domain), messages.claimedDomainHint]
}

/** The host, in ASCII and never shortened, or for a private-use URI its scheme. */
export function destination({ uri, kind }: ConsentPage['redirect']): string {
  if (kind === 'private-use') return /^[^:]*:\/*/.exec(uri)?.[0] ?? uri
  return URL.canParse(uri) ? new URL(uri).host : uri
}

/** Read each time: what is said at every sign-in in a voice of alarm is soon not read at all. */
function redirectHint(kind: RedirectKind, messages: Messages): Html {
  if (kind === 'https') return html`<p class="small quiet">${messages.redirectWebHint}</p>`
  const [title, hint] =
    kind === 'loopback'
      ? [messages.loopbackTitle, messages.loopbackHint]
      : [messages.privateUseTitle, messages.privateUseHint]
  return html`<p class="small"><strong>${title}</strong> <span class="quiet">${hint}</span></p>`
}

/** More than this are long: whoever has read enough can turn back before them. */
const manyScopes = 8

function scopes(shell: Shell, data: ConsentPage): Html {
  const { messages } = shell
  const { length } = data.scopes
  const isLong = length > manyScopes
  return html`${isLong && html`<button class="plain" form="${formId}" name="decision" value="deny">${messages.cancel}</button>`}
<section aria-labelledby="scopes">
<h2 id="scopes">${messages.scopesHeading}${isLong && html` <span class="count">(${new Intl.NumberFormat(messages.lang).format(length)})</span>`}</h2>
<ul class="scopes">${scopeItems(shell, data)}</ul>
</section>`
}

export function scopeItems(shell: Shell, { scopes }: Pick<ConsentPage, 'scopes'>): readonly Html[] {
  if (scopes.length === 0) return [html`<li>${shell.messages.noScopes}</li>`]
  return scopes.map((scope) => {
    const words = scopeWords(shell, scope)
    return words
      ? html`<li><bdi>${words}</bdi></li>`
      : html`<li><bdi dir="ltr">${displayText(scope.name, 200)}</bdi></li>`
  })
}

function technicalDetails(
  { messages, issuer }: Shell,
  { client, redirect, resource, scopes }: ConsentPage,
): Html {
  const code = (value: string): Html => html`<code>${urlText(value)}</code>`
  const row = (label: string, value: Html): Html => html`<div><dt>${label}</dt><dd>${value}</dd></div>\n`
  const names = scopes.map((scope) => scope.name).join(' ')
  return html`<details>
<summary>${messages.details}</summary>
<dl class="details">
${row(messages.detailClientId, code(client.id))}
${client.uri && row(messages.detailWebsite, webLink(client.uri))}
${client.policies?.privacy && row(messages.detailPrivacy, webLink(client.policies.privacy))}
${client.policies?.terms && row(messages.detailTerms, webLink(client.policies.terms))}
${client.registeredAt && row(messages.detailRegistered, day(client.registeredAt, messages.lang))}
${row(messages.detailRedirectUri, code(redirect.uri))}
${row(messages.detailResource, code(resource.url))}
${names && row(messages.detailScopes, code(names))}
${row(messages.detailIssuer, code(issuer))}
</dl>
</details>`
}

function day(unixSeconds: number, lang: string): Html {
  return html`<time datetime="${new Date(unixSeconds * 1000).toISOString()}">${date(unixSeconds, lang)}</time>`
}

function nextStep({ providers }: ConsentPage, messages: Messages): string {
  const [only, ...others] = providers
  if (!only || others.length > 0) return messages.nextStepChoice
  return messages.nextStep(isolate(only.label))
}

/** Which account it will be, as far as that can be known here, and how to use another. */
function account({ providers, account, asksAccount }: ConsentPage, messages: Messages): Html {
  const [only, ...others] = providers
  if (asksAccount || !only || providers.every(({ always }) => always)) return html`${messages.accountNext}`
  const label = isolate(displayText(only.label))
  const isAsBefore = others.length === 0 && account?.provider === only.id
  const who =
    others.length > 0
      ? messages.accountOfChoice
      : isAsBefore
        ? messages.accountAt(isolate(displayText(account.name)), label)
        : messages.accountThere(label)
  return html`${isAsBefore ? html`<b>${phrase(who)}</b>` : phrase(who)}
${isAsBefore && html`<p class="small quiet">${phrase(messages.accountAsBefore(label))}</p>`}
${providers.some(({ choice }) => choice) && html`<label class="check"><input type="checkbox" name="account" value="choose"> ${messages.chooseAccount}</label>`}
${signOutFirst(providers, messages)}`
}

/** For providers that take the account they know without a word, and cannot be told to ask. */
function signOutFirst(providers: readonly ConsentProvider[], messages: Messages): Html | undefined {
  const silent = providers.filter(({ choice, always }) => !choice && !always)
  if (silent.length === 0) return undefined
  const list = new Intl.ListFormat(messages.lang, { type: 'disjunction' })
  const labels = list.format(silent.map(({ label }) => isolate(displayText(label))))
  return html`<p class="small quiet">${phrase(messages.signOutFirst(labels))}</p>`
}

function duration(
  { idle, absolute }: { idle: number; absolute: number },
  remembers: boolean | undefined,
  messages: Messages,
): Html {
  const unused = idle < absolute ? period(idle, messages.lang) : undefined
  return html`${messages.accessLasts(period(absolute, messages.lang), unused)}
${remembers && html`<p class="small quiet">${messages.consentRemembered}</p>`}`
}

/** Rounded down to what people count in. */
function period(seconds: number, lang: string): string {
  const [unit, length] =
    seconds >= 86_400
      ? (['day', 86_400] as const)
      : seconds >= 3600
        ? (['hour', 3600] as const)
        : (['minute', 60] as const)
  const format = new Intl.NumberFormat(lang, { style: 'unit', unit, unitDisplay: 'long' })
  return format.format(Math.max(1, Math.floor(seconds / length)))
}

function ending({ accountUrl }: ConsentPage, messages: Messages): Html {
  const url = accountUrl === undefined ? undefined : webUrl(accountUrl)
  if (!url) return html`${messages.endInApp}`
  return html`<a href="${url.href}" target="_blank" rel="noopener">${urlText(url.href.replace(/^https:\/\//, ''))}</a>`
}

/** Those of whoever runs the server. */
function policies(server: string, { privacy, terms }: Policies = {}, messages: Messages): Html | undefined {
  const links = [policyLink(privacy, messages.privacyPolicy), policyLink(terms, messages.termsOfService)]
  const [first, ...rest] = links.filter((link) => link !== undefined)
  if (!first) return undefined
  return html`<p class="small quiet"><bdi>${server}</bdi>: ${first}${rest.map((link) => html` · ${link}`)}</p>`
}

function policyLink(url: string | undefined, words: string): Html | undefined {
  const safe = url === undefined ? undefined : webUrl(url)
  return safe && html`<a href="${safe.href}" target="_blank" rel="noopener noreferrer">${words}</a>`
}

function approveButtons(providers: ConsentPage['providers'], messages: Messages): readonly Html[] {
  return providers.map(({ id, label, icon }) => {
    const text = [mark(icon), phrase(messages.continueWith(isolate(label)))]
    return providers.length === 1
      ? html`<button name="decision" value="approve">${text}</button>`
      : html`<button class="choice" name="provider" value="${id}">${text}</button>\n`
  })
}
