import type { ProviderScopes } from '@drawbridge/core/provider'

const prefix = 'https://www.googleapis.com/auth/'

/** Google takes the short names of these two and grants the long ones. */
const aliases: Readonly<Record<string, string>> = {
  [`${prefix}userinfo.email`]: 'email',
  [`${prefix}userinfo.profile`]: 'profile',
}

/** What OpenID Connect names, and Google as well. */
const openid = ['openid', 'email', 'profile']

/**
 * What people read, by the short name: that of https://developers.google.com/identity/protocols/oauth2/scopes without
 * `https://www.googleapis.com/auth/`.
 */
export const descriptions: Readonly<Record<string, string>> = {
  openid: 'Know which Google account is yours',
  email: 'See the email address of your Google account',
  profile: 'See your name and picture on Google',
  calendar: 'See, change, share and delete your calendars on Google',
  'calendar.readonly': 'See your calendars on Google',
  'calendar.events': 'See and change events in your calendars on Google',
  'calendar.events.readonly': 'See events in your calendars on Google',
  'calendar.freebusy': 'See when you are free in your calendars on Google',
  drive: 'See, change, create and delete all your files in Google Drive',
  'drive.file': 'See and change the files in Google Drive that you use with this app',
  'drive.readonly': 'See and download all your files in Google Drive',
  'drive.metadata.readonly': 'See the names and details of your files in Google Drive',
  'drive.appdata': "Keep this app's own settings in your Google Drive",
  documents: 'See, change, create and delete all your Google Docs documents',
  'documents.readonly': 'See all your Google Docs documents',
  spreadsheets: 'See, change, create and delete all your Google Sheets spreadsheets',
  'spreadsheets.readonly': 'See all your Google Sheets spreadsheets',
  presentations: 'See, change, create and delete all your Google Slides presentations',
  'presentations.readonly': 'See all your Google Slides presentations',
  'gmail.readonly': 'Read your email in Gmail',
  'gmail.metadata': 'See senders, subjects and labels of your email in Gmail',
  'gmail.send': 'Send email in your name with Gmail',
  'gmail.compose': 'Manage drafts and send email with Gmail',
  'gmail.modify': 'Read, write and send email with Gmail, and move it to the bin',
  'gmail.labels': 'See and change your labels in Gmail',
  'https://mail.google.com/': 'Read, write, send and delete for ever all your email in Gmail',
  contacts: 'See, change and delete your contacts on Google',
  'contacts.readonly': 'See your contacts on Google',
  'directory.readonly': "See your organization's directory on Google",
  tasks: 'See, change, create and delete your tasks on Google',
  'tasks.readonly': 'See your tasks on Google',
  'youtube.readonly': 'See your YouTube account',
  'analytics.readonly': 'See your Google Analytics data',
  bigquery: 'See and change your data in Google BigQuery',
  'cloud-platform': 'See, change and delete your data on Google Cloud',
  'cloud-platform.read-only': 'See your data on Google Cloud',
}

/** Google's scopes by their short names; a long one is understood wherever one is written. */
export function googleScopes(asked: readonly string[]): ProviderScopes {
  return {
    default: [...new Set(asked.map(shortName))],
    supported: Object.keys(descriptions),
    descriptions,
    toUpstream: (scopes) => scopes.map(longName),
    // An operator may have mapped a scope to a long name, and looks for that one.
    fromUpstream: (granted, asked) => [
      ...new Set(
        granted.flatMap((theirs) => {
          const names = asked.filter((ours) => shortName(ours) === shortName(theirs))
          return names.length > 0 ? names : [shortName(theirs)]
        }),
      ),
    ],
  }
}

function shortName(scope: string): string {
  return aliases[scope] ?? (scope.startsWith(prefix) ? scope.slice(prefix.length) : scope)
}

function longName(scope: string): string {
  return openid.includes(scope) || scope.includes('://') ? scope : prefix + scope
}
