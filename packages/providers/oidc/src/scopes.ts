import type { ProviderScopes, Words } from '@drawbridge/core/provider'

const offline = 'offline_access'

/** OpenID Connect Core 5.4. */
const words: Readonly<Record<string, Words>> = {
  openid: {
    en: 'Know which account is yours',
    de: 'Wissen, welches Konto Ihres ist',
    ar: 'معرفة أيّ حساب يخصك',
  },
  profile: {
    en: 'See your name and picture',
    de: 'Ihren Namen und Ihr Bild sehen',
    ar: 'الاطلاع على اسمك وصورتك',
  },
  email: {
    en: 'See your email address',
    de: 'Ihre E-Mail-Adresse sehen',
    ar: 'الاطلاع على عنوان بريدك الإلكتروني',
  },
  address: {
    en: 'See your postal address',
    de: 'Ihre Postanschrift sehen',
    ar: 'الاطلاع على عنوانك البريدي',
  },
  phone: {
    en: 'See your phone number',
    de: 'Ihre Telefonnummer sehen',
    ar: 'الاطلاع على رقم هاتفك',
  },
}

/** These, with words for people; what only brings a refresh token is hidden from clients. */
export function openIdScopes(
  asked: readonly string[],
  descriptions: Readonly<Record<string, Words>> = {},
): ProviderScopes {
  const all = [...new Set(asked)]
  return {
    default: all.filter((scope) => scope !== offline),
    ...(all.includes(offline) && { hidden: [offline] }),
    descriptions: Object.fromEntries(
      Object.entries({ ...words, ...descriptions }).filter(([scope]) => all.includes(scope)),
    ),
  }
}

/** OpenID Connect Core 11: some give a refresh token only after a consent that they were asked to ask for. */
export function consentFor(scopes: readonly string[], again: boolean): Record<string, string> {
  return again && scopes.includes(offline) ? { prompt: 'consent' } : {}
}
