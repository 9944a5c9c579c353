import type { Words } from '@drawbridge/core/provider'

/**
 * What people read, by the short name: that of https://developers.google.com/identity/protocols/oauth2/scopes without
 * `https://www.googleapis.com/auth/`.
 */
export const descriptions: Readonly<Record<string, Words>> = {
  openid: {
    en: 'Know which Google account is yours',
    de: 'Wissen, welches Google-Konto Ihres ist',
    ar: 'معرفة أيّ حساب Google يخصك',
  },
  email: {
    en: 'See the email address of your Google account',
    de: 'Die E-Mail-Adresse Ihres Google-Kontos sehen',
    ar: 'الاطلاع على عنوان البريد الإلكتروني لحسابك على Google',
  },
  profile: {
    en: 'See your name and picture on Google',
    de: 'Ihren Namen und Ihr Bild bei Google sehen',
    ar: 'الاطلاع على اسمك وصورتك على Google',
  },
  calendar: {
    en: 'See, change, share and delete your calendars on Google',
    de: 'Ihre Kalender bei Google sehen, ändern, freigeben und löschen',
    ar: 'الاطلاع على تقاويمك على Google وتعديلها ومشاركتها وحذفها',
  },
  'calendar.readonly': {
    en: 'See your calendars on Google',
    de: 'Ihre Kalender bei Google sehen',
    ar: 'الاطلاع على تقاويمك على Google',
  },
  'calendar.events': {
    en: 'See and change events in your calendars on Google',
    de: 'Termine in Ihren Kalendern bei Google sehen und ändern',
    ar: 'الاطلاع على الأحداث في تقاويمك على Google وتعديلها',
  },
  'calendar.events.readonly': {
    en: 'See events in your calendars on Google',
    de: 'Termine in Ihren Kalendern bei Google sehen',
    ar: 'الاطلاع على الأحداث في تقاويمك على Google',
  },
  'calendar.freebusy': {
    en: 'See when you are free in your calendars on Google',
    de: 'In Ihren Kalendern bei Google sehen, wann Sie frei sind',
    ar: 'معرفة أوقات فراغك في تقاويمك على Google',
  },
  drive: {
    en: 'See, change, create and delete all your files in Google Drive',
    de: 'Alle Ihre Dateien in Google Drive sehen, ändern, anlegen und löschen',
    ar: 'الاطلاع على جميع ملفاتك في Google Drive وتعديلها وإنشاؤها وحذفها',
  },
  'drive.file': {
    en: 'See and change the files in Google Drive that you use with this app',
    de: 'Die Dateien in Google Drive sehen und ändern, die Sie mit dieser App verwenden',
    ar: 'الاطلاع على الملفات التي تستخدمها مع هذا التطبيق في Google Drive وتعديلها',
  },
  'drive.readonly': {
    en: 'See and download all your files in Google Drive',
    de: 'Alle Ihre Dateien in Google Drive sehen und herunterladen',
    ar: 'الاطلاع على جميع ملفاتك في Google Drive وتنزيلها',
  },
  'drive.metadata.readonly': {
    en: 'See the names and details of your files in Google Drive',
    de: 'Namen und Einzelheiten Ihrer Dateien in Google Drive sehen',
    ar: 'الاطلاع على أسماء ملفاتك في Google Drive وتفاصيلها',
  },
  'drive.appdata': {
    en: "Keep this app's own settings in your Google Drive",
    de: 'Eigene Einstellungen dieser App in Ihrem Google Drive speichern',
    ar: 'حفظ إعدادات هذا التطبيق في Google Drive لديك',
  },
  documents: {
    en: 'See, change, create and delete all your Google Docs documents',
    de: 'Alle Ihre Dokumente in Google Docs sehen, ändern, anlegen und löschen',
    ar: 'الاطلاع على جميع مستنداتك في Google Docs وتعديلها وإنشاؤها وحذفها',
  },
  'documents.readonly': {
    en: 'See all your Google Docs documents',
    de: 'Alle Ihre Dokumente in Google Docs sehen',
    ar: 'الاطلاع على جميع مستنداتك في Google Docs',
  },
  spreadsheets: {
    en: 'See, change, create and delete all your Google Sheets spreadsheets',
    de: 'Alle Ihre Tabellen in Google Sheets sehen, ändern, anlegen und löschen',
    ar: 'الاطلاع على جميع جداول بياناتك في Google Sheets وتعديلها وإنشاؤها وحذفها',
  },
  'spreadsheets.readonly': {
    en: 'See all your Google Sheets spreadsheets',
    de: 'Alle Ihre Tabellen in Google Sheets sehen',
    ar: 'الاطلاع على جميع جداول بياناتك في Google Sheets',
  },
  presentations: {
    en: 'See, change, create and delete all your Google Slides presentations',
    de: 'Alle Ihre Präsentationen in Google Slides sehen, ändern, anlegen und löschen',
    ar: 'الاطلاع على جميع عروضك التقديمية في Google Slides وتعديلها وإنشاؤها وحذفها',
  },
  'presentations.readonly': {
    en: 'See all your Google Slides presentations',
    de: 'Alle Ihre Präsentationen in Google Slides sehen',
    ar: 'الاطلاع على جميع عروضك التقديمية في Google Slides',
  },
  'gmail.readonly': {
    en: 'Read your email in Gmail',
    de: 'Ihre E-Mails in Gmail lesen',
    ar: 'قراءة رسائلك في Gmail',
  },
  'gmail.metadata': {
    en: 'See senders, subjects and labels of your email in Gmail',
    de: 'Absender, Betreff und Labels Ihrer E-Mails in Gmail sehen',
    ar: 'الاطلاع على مرسلي رسائلك في Gmail وموضوعاتها وتصنيفاتها',
  },
  'gmail.send': {
    en: 'Send email in your name with Gmail',
    de: 'Mit Gmail E-Mails in Ihrem Namen senden',
    ar: 'إرسال رسائل باسمك عبر Gmail',
  },
  'gmail.compose': {
    en: 'Manage drafts and send email with Gmail',
    de: 'Mit Gmail Entwürfe verwalten und E-Mails senden',
    ar: 'إدارة المسودات وإرسال الرسائل عبر Gmail',
  },
  'gmail.modify': {
    en: 'Read, write and send email with Gmail, and move it to the bin',
    de: 'Mit Gmail E-Mails lesen, schreiben, senden und in den Papierkorb verschieben',
    ar: 'قراءة الرسائل وكتابتها وإرسالها عبر Gmail ونقلها إلى المهملات',
  },
  'gmail.labels': {
    en: 'See and change your labels in Gmail',
    de: 'Ihre Labels in Gmail sehen und ändern',
    ar: 'الاطلاع على تصنيفاتك في Gmail وتعديلها',
  },
  'https://mail.google.com/': {
    en: 'Read, write, send and delete for ever all your email in Gmail',
    de: 'Alle Ihre E-Mails in Gmail lesen, schreiben, senden und endgültig löschen',
    ar: 'قراءة جميع رسائلك في Gmail وكتابتها وإرسالها وحذفها نهائيًا',
  },
  contacts: {
    en: 'See, change and delete your contacts on Google',
    de: 'Ihre Kontakte bei Google sehen, ändern und löschen',
    ar: 'الاطلاع على جهات اتصالك على Google وتعديلها وحذفها',
  },
  'contacts.readonly': {
    en: 'See your contacts on Google',
    de: 'Ihre Kontakte bei Google sehen',
    ar: 'الاطلاع على جهات اتصالك على Google',
  },
  'directory.readonly': {
    en: "See your organization's directory on Google",
    de: 'Das Verzeichnis Ihrer Organisation bei Google sehen',
    ar: 'الاطلاع على دليل مؤسستك على Google',
  },
  tasks: {
    en: 'See, change, create and delete your tasks on Google',
    de: 'Ihre Aufgaben bei Google sehen, ändern, anlegen und löschen',
    ar: 'الاطلاع على مهامك على Google وتعديلها وإنشاؤها وحذفها',
  },
  'tasks.readonly': {
    en: 'See your tasks on Google',
    de: 'Ihre Aufgaben bei Google sehen',
    ar: 'الاطلاع على مهامك على Google',
  },
  'youtube.readonly': {
    en: 'See your YouTube account',
    de: 'Ihr YouTube-Konto sehen',
    ar: 'الاطلاع على حسابك على YouTube',
  },
  'analytics.readonly': {
    en: 'See your Google Analytics data',
    de: 'Ihre Daten in Google Analytics sehen',
    ar: 'الاطلاع على بياناتك في Google Analytics',
  },
  bigquery: {
    en: 'See and change your data in Google BigQuery',
    de: 'Ihre Daten in Google BigQuery sehen und ändern',
    ar: 'الاطلاع على بياناتك في Google BigQuery وتعديلها',
  },
  'cloud-platform': {
    en: 'See, change and delete your data on Google Cloud',
    de: 'Ihre Daten in Google Cloud sehen, ändern und löschen',
    ar: 'الاطلاع على بياناتك في Google Cloud وتعديلها وحذفها',
  },
  'cloud-platform.read-only': {
    en: 'See your data on Google Cloud',
    de: 'Ihre Daten in Google Cloud sehen',
    ar: 'الاطلاع على بياناتك في Google Cloud',
  },
}
