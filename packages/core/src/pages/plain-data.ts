import { webUrl } from '../syntax/web-url.ts'
import { type AccountPage, endAllHint, noticeText } from './account.ts'
import { type ConsentPage, clientName, destination, isProven, standingText } from './consent.ts'
import type { ErrorPage } from './error.ts'
import type { Shell } from './layout.ts'
import type { Messages } from './messages.ts'
import type { PageName } from './own-pages.ts'
import type { Choice, Fact, FormData, PageData } from './page-data.ts'
import { scopeWords } from './scope-words.ts'
import { errorOf, kinds, type SignInPage } from './sign-in.ts'
import { type SignedOutPage, signedOutNotice } from './signed-out.ts'
import { displayText, mixesAlphabets } from './text.ts'
import { plainUrl } from './web-link.ts'

/** What our own pages are made of. */
export interface ShownData {
  consent: ConsentPage
  error: ErrorPage
  signIn: SignInPage
  done: undefined
  account: AccountPage
  signedOut: SignedOutPage
}

/** The same for a page of the operator's own: cleaned as ours clean it, in words of the page's language, without secrets. */
export const plainData: {
  readonly [Name in PageName]: (shell: Shell, data: ShownData[Name], form: FormData) => PageData[Name]
} = {
  consent(shell, data, form) {
    const { messages } = shell
    const { client, redirect, providers } = data
    const [badge, hint] = standingText(messages, shell.name, client, redirect.kind)
    return {
      client: {
        id: plainUrl(client.id),
        name: { fact: 'client', text: clientName(client, messages) },
        standing: {
          words: { fact: 'standing', text: withoutMarks(badge) },
          hint: withoutMarks(hint),
          isProven: isProven(client, redirect.kind),
        },
        uri: link(client.uri),
        policies: { privacy: link(client.policies?.privacy), terms: link(client.policies?.terms) },
        domain: client.verifiedDomain && displayText(client.verifiedDomain, 253),
        registeredAt: client.registeredAt,
      },
      redirect: {
        uri: plainUrl(redirect.uri),
        kind: redirect.kind,
        destination: { fact: 'destination', text: plainUrl(destination(redirect)) },
      },
      warnings: warningsOf(data, messages).map((text) => ({ fact: 'warning', text })),
      scopes:
        data.scopes.length === 0
          ? [{ name: '', words: { fact: 'scope', text: messages.noScopes } }]
          : data.scopes.map((scope) => {
              const name = displayText(scope.name, 200)
              return { name, words: { fact: 'scope', text: scopeWords(shell, scope) ?? name } }
            }),
      resource: {
        url: plainUrl(data.resource.url),
        name: displayText(data.resource.name ?? shell.name),
      },
      account: data.account && {
        name: displayText(data.account.name),
        provider: data.account.provider,
      },
      asksAccount: data.asksAccount ?? false,
      lifetime: data.lifetime && { idle: data.lifetime.idle, absolute: data.lifetime.absolute },
      remembers: data.remembers ?? false,
      accountUrl: data.accountUrl,
      policies: { privacy: link(data.policies?.privacy), terms: link(data.policies?.terms) },
      again: data.again && { openUrl: data.again.openUrl },
      form,
      approve: providers.map(({ id, label, icon }) => ({
        ...(providers.length === 1
          ? { name: 'decision', value: 'approve' }
          : { name: 'provider', value: id }),
        words: continueWith(messages, label),
        icon: icon && { svg: icon.svg },
      })),
      deny: { name: 'decision', value: 'deny', words: messages.cancel },
      otherAccount: providers.some(({ choice }) => choice)
        ? { name: 'account', value: 'choose', words: messages.chooseAccount }
        : undefined,
    }
  },

  error({ messages }, data) {
    const { title, message, hint } = messages[data.error]
    return {
      ...{ error: data.error, status: data.status, title, message, hint },
      detail: data.detail && displayText(data.detail, 400),
      reference: data.reference ? { fact: 'reference', text: displayText(data.reference) } : undefined,
      openUrl: link(data.openUrl),
      backTo: data.backTo && { url: data.backTo.url, host: data.backTo.host },
      tryAgainUrl: data.tryAgainUrl,
      retryAfter: data.retryAfter,
    }
  },

  signIn({ messages }, data, form) {
    const { label, icon, leadsTo, fields } = data
    return {
      label: displayText(label),
      icon: icon && { svg: icon.svg },
      client: leadsTo.page
        ? undefined
        : { fact: 'client', text: displayText(leadsTo.client ?? '', 50) || messages.unnamedClient },
      fields: fields.map(({ name, label, type, autocomplete, value = '' }) => ({
        ...{ name, label, value },
        ...kinds[type],
        ...(autocomplete !== undefined && { autocomplete }),
      })),
      error: errorOf(data, messages)?.text,
      form,
      signIn: { words: messages.signIn },
      deny: { name: 'decision', value: 'deny', words: messages.cancel, skipsFields: true },
    }
  },

  done: () => ({}),

  account(shell, data, form) {
    const { messages } = shell
    const { account, apiKeys, clients } = data
    const { id, label } = account.provider
    const end = (name: string) => withoutMarks(messages.accountEnd(displayText(name, 50)))
    return {
      account: { name: displayText(account.name), provider: { id, label: displayText(label) } },
      clients: clients.map((client) => {
        const { since, used_at, ends_at, endsForDisuse } = client
        const { listed, verifiedDomain } = client
        const named = { name: client.name, listed, verifiedDomain }
        const [badge, hint] = standingText(messages, shell.name, named, client.kind)
        const name = clientName(named, messages)
        return {
          id: plainUrl(client.id),
          name: { fact: 'client', text: name },
          standing: {
            words: withoutMarks(badge),
            hint: withoutMarks(hint),
            isProven: isProven(named, client.kind),
          },
          destination: { fact: 'destination', text: client.destinations.map(plainUrl).join(', ') },
          access: client.access.map(({ resource, scopes }) => ({
            resource: { url: plainUrl(resource.url), name: displayText(resource.name ?? shell.name) },
            scopes:
              scopes.length === 0
                ? [{ name: '', words: messages.noScopes }]
                : scopes.map((scope) => {
                    const name = displayText(scope.name, 200)
                    return { name, words: scopeWords(shell, scope) ?? name }
                  }),
          })),
          ...{ since, used_at, ends_at, endsForDisuse },
          warning: client.doubted ? { fact: 'warning', text: messages.accountDoubted } : undefined,
          end: { name: 'end', value: client.id, words: end(name) },
        }
      }),
      unlisted: data.unlisted ?? 0,
      apiKeys: apiKeys.map(({ id, name, hint, since, used_at, ends_at }) => ({
        name: { fact: 'client', text: displayText(name, 50) },
        hint: displayText(hint),
        ...{ since, used_at, ends_at },
        end: { name: 'key', value: id, words: end(name) },
      })),
      notice: noticeText(messages, data.notice),
      signInAgain:
        data.notice === 'stale'
          ? { name: 'provider', value: id, words: continueWith(messages, label) }
          : undefined,
      form,
      endAll:
        clients.length > 0 || apiKeys.length > 0
          ? {
              ...{ name: 'decision', value: 'end_all', words: messages.accountEndAll },
              hint: endAllHint(messages, data),
            }
          : undefined,
      signOut: { name: 'decision', value: 'sign_out', words: messages.accountSignOut },
      anotherUrl: data.anotherUrl,
    }
  },

  signedOut: ({ messages }, { notice, providers }, form) => ({
    notice: signedOutNotice(messages, notice),
    form,
    signIn: providers.map(
      ({ id, label, icon }): Choice => ({
        ...{ name: 'provider', value: id, words: continueWith(messages, label) },
        icon: icon && { svg: icon.svg },
      }),
    ),
    otherAccount: providers.some(({ choice }) => choice)
      ? { name: 'account', value: 'choose', words: messages.chooseAccount }
      : undefined,
  }),
}

/** All that people have to see: every fact, wherever in the data it is. */
export function factsIn(data: unknown): readonly Fact[] {
  if (typeof data !== 'object' || data === null) return []
  return isFact(data) ? [data] : Object.values(data).flatMap(factsIn)
}

function isFact(data: object): data is Fact {
  return 'fact' in data && 'text' in data
}

function warningsOf({ client, redirect }: ConsentPage, messages: Messages): readonly string[] {
  const named = client.name ?? ''
  return [
    !client.listed && mixesAlphabets(clientName(client, messages)) && named && messages.mixedAlphabets,
    client.doubted && messages.doubtedDomain,
    redirect.kind === 'loopback' && `${messages.loopbackTitle} ${messages.loopbackHint}`,
    redirect.kind === 'private-use' && `${messages.privateUseTitle} ${messages.privateUseHint}`,
  ].filter((text): text is string => typeof text === 'string' && text !== '')
}

function continueWith(messages: Messages, label: string): string {
  return withoutMarks(messages.continueWith(displayText(label)))
}

function link(url: string | undefined): string | undefined {
  return url === undefined ? undefined : webUrl(url)?.href
}

/** Data is text for any template: the marks of a direction are for ours. */
function withoutMarks(text: string): string {
  return text.replace(/[\u2068\u2069]/g, '')
}
