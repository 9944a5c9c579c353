import type { Messages } from '../messages.ts'

export const german: Messages = {
  lang: 'de',
  dir: 'ltr',

  consentHeading: (client, server) => `Darf „${client}“ auf ${server} zugreifen?`,
  consentTitle: (client, server) => `Darf ${client} auf ${server} zugreifen?`,
  unnamedClient: 'Eine App ohne Namen',
  clientLabel: 'App',
  unverified: 'Nicht bestätigt',
  unverifiedHint: 'Diesen Namen hat sich die App selbst gegeben.',
  verifiedDomain: (domain) => `Bestätigt: ${domain}`,
  verifiedDomainHint: (domain) => `Veröffentlicht vom Inhaber von ${domain}.`,
  claimedDomain: (domain) => `Gibt an, von ${domain} zu sein`,
  claimedDomainHint: 'Eine App auf Ihrem Gerät kann das nicht beweisen.',
  listed: 'Bekannte App',
  listedHint: (server) => `Von den Betreibern von ${server} eingerichtet.`,
  doubtedDomain:
    'Die Betreiber dieses Servers kennen diese Domain nicht. Fahren Sie nur fort, wenn Sie sie kennen und die App gerade selbst gestartet haben.',
  mixedAlphabets:
    'Dieser Name mischt ähnlich aussehende Buchstaben verschiedener Alphabete. Vielleicht ahmt er eine andere App nach.',
  redirectLabel: 'Führt Sie zu',
  redirectWebHint: 'Fahren Sie nur fort, wenn Sie diese Adresse kennen und von dort kommen.',
  loopbackTitle: 'Diese App läuft auf Ihrem eigenen Computer',
  loopbackHint: 'Fahren Sie nur fort, wenn Sie die Verbindung gerade selbst dort gestartet haben.',
  privateUseTitle: 'Das öffnet eine App auf Ihrem Gerät',
  privateUseHint: 'Fahren Sie nur fort, wenn Sie die Verbindung gerade selbst in dieser App gestartet haben.',
  resourceLabel: 'Server',
  scopesHeading: 'Wenn Sie fortfahren, kann die App',
  noScopes: 'Diesen Server in Ihrem Namen nutzen',
  scopes: {},
  openIdScopes: {
    openid: 'Erkennen, dass Sie es sind',
    profile: 'Ihren Namen und Ihr Bild sehen',
    email: 'Ihre E-Mail-Adresse sehen',
    offline_access: 'Verbunden bleiben, auch wenn Sie nicht da sind',
  },
  nextStep: (provider) =>
    `Als Nächstes melden Sie sich mit ${provider} an. Ihr Passwort bekommt die App nie zu sehen.`,
  nextStepChoice:
    'Als Nächstes melden Sie sich mit dem Konto Ihrer Wahl an. Ihr Passwort bekommt die App nie zu sehen.',
  accountLabel: 'Konto',
  accountAt: (account, provider) => `${account} bei ${provider}`,
  accountAsBefore: (provider) =>
    `Wie beim letzten Mal, außer Sie nutzen bei ${provider} inzwischen ein anderes.`,
  accountThere: (provider) => `Das, mit dem Sie bei ${provider} angemeldet sind`,
  accountNext: 'Das, mit dem Sie sich als Nächstes anmelden',
  accountOfChoice: 'Das bei dem Dienst, den Sie unten wählen',
  chooseAccount: 'Konto selbst auswählen',
  signOutFirst: (providers) => `Um ein anderes zu verwenden, melden Sie sich zuerst bei ${providers} ab.`,
  lastsLabel: 'Gilt',
  accessLasts: (most, unused) => (unused ? `Höchstens ${most}, ungenutzt ${unused}` : `Höchstens ${most}`),
  endLabel: 'Beenden',
  endInApp: 'Trennen Sie die Verbindung in der App, oder fragen Sie die Betreiber dieses Servers.',
  continueWith: (provider) => `Weiter mit ${provider}`,
  cancel: 'Abbrechen',
  consentRemembered: 'In diesem Browser werden Sie für dasselbe vielleicht nicht noch einmal gefragt.',
  privacyPolicy: 'Datenschutzerklärung',
  termsOfService: 'Nutzungsbedingungen',
  formAgain: 'Ihre Antwort ist nicht richtig angekommen. Bitte versuchen Sie es noch einmal.',

  signInHeading: (label) => `Mit ${label} anmelden`,
  signInTitle: (label) => `Mit ${label} anmelden`,
  signInFor: (client) => `Danach geht es weiter zu „${client}“. Was Sie hier eingeben, sieht die App nicht.`,
  signInForAccount: 'Danach sehen Sie, welche Apps Zugriff auf Ihr Konto haben.',
  signIn: 'Anmelden',
  signInInvalid: 'Diese Angaben stimmen nicht. Prüfen Sie Ihre Eingabe und versuchen Sie es noch einmal.',
  signInLocked: 'Zu viele Versuche. Warten Sie ein paar Minuten und versuchen Sie es dann noch einmal.',

  details: 'Technische Einzelheiten',
  detailClientId: 'Client-ID',
  detailWebsite: 'Angegebene Website',
  detailPrivacy: 'Angegebene Datenschutzerklärung',
  detailTerms: 'Angegebene Nutzungsbedingungen',
  detailRegistered: 'Registriert',
  detailRedirectUri: 'Weiterleitungsadresse',
  detailResource: 'Ressource',
  detailScopes: 'Berechtigungen',
  detailIssuer: 'Aussteller',

  linkExpired: {
    title: 'Dieser Link gilt nicht mehr',
    message: 'Er war zu lange offen oder wurde schon benutzt. Ihn noch einmal zu öffnen ändert nichts.',
    hint: 'Wenn Ihre App noch nicht verbunden ist, gehen Sie zu ihr zurück und verbinden Sie sich noch einmal.',
  },
  requestDenied: {
    title: 'Sie haben hier Nein gesagt',
    message: 'Die App weiß das. Diese Anfrage hat ihr keinen Zugriff gegeben.',
    hint: 'Wenn Sie es sich anders überlegt haben, gehen Sie zurück zur App und verbinden Sie sich noch einmal.',
  },
  signInUnderWay: {
    title: 'Sie haben hier schon geantwortet',
    message:
      'Die Anmeldung läuft in dem Fenster weiter, in dem Sie geantwortet haben, und ist gleich fertig.',
    hint: 'Wenn es dieses Fenster nicht mehr gibt, gehen Sie zurück zu Ihrer App und verbinden Sie sich noch einmal.',
  },
  requestFailed: {
    title: 'Diese Anmeldung ist vorbei',
    message: 'Sie hat nicht geklappt, und die App weiß das. Diese Anfrage hat ihr keinen Zugriff gegeben.',
    hint: 'Gehen Sie zurück zu Ihrer App und verbinden Sie sich noch einmal.',
  },
  formRefused: {
    title: 'Versuchen wir es noch einmal',
    message:
      'Wir konnten nicht sicher sein, dass diese Antwort von unserer eigenen Seite kam, und haben sie deshalb nicht verwendet. Sie hat nichts geändert.',
    hint: 'Gehen Sie zurück zu Ihrer App und verbinden Sie sich noch einmal. Falls Cookies blockiert sind, erlauben Sie sie für diese Website.',
  },
  otherBrowser: {
    title: 'Bitte bleiben Sie in einem Browser',
    message:
      'Sie haben in einem anderen Browser begonnen, oder dieses Fenster speichert keine Cookies. Zu Ihrem Schutz geht es hier nicht weiter, und aus diesem Fenster wird nichts weitergegeben.',
    hint: 'Gehen Sie zurück zu Ihrer App, verbinden Sie sich noch einmal und bleiben Sie bis zum Schluss im selben Browser.',
  },
  unknownClient: {
    title: 'Diese App ist hier nicht registriert',
    message:
      'Ihre Registrierung ist abgelaufen, oder es gab nie eine. Es wurde nichts weitergegeben, und Sie haben nichts falsch gemacht.',
    hint: 'Starten Sie die App neu und verbinden Sie sich noch einmal. Hilft das nicht, entfernen Sie diesen Server in der App, was die gespeicherte Registrierung löscht, und fügen Sie ihn neu hinzu.',
  },
  clientUnavailable: {
    title: 'Über diese App war nichts zu erfahren',
    message:
      'Sie stellt sich mit einer eigenen Seite vor, und diese antwortet gerade nicht. Es wurde nichts weitergegeben, und Sie haben nichts falsch gemacht.',
    hint: 'Warten Sie eine Minute, gehen Sie zurück zur App und verbinden Sie sich noch einmal. Hilft das nicht, sagen Sie es dem Hersteller der App.',
  },
  clientDocument: {
    title: 'Diese App stellt sich nicht richtig vor',
    message:
      'Sie tut das mit einer eigenen Seite, und dort stimmt etwas nicht. Es wurde nichts weitergegeben.',
    hint: 'Sagen Sie es dem Hersteller der App. Die Einzelheiten stehen unten.',
  },
  clientHost: {
    title: 'Diese App ist hier nicht zugelassen',
    message:
      'Die Betreiber dieses Servers lassen keine Apps von der Domain zu, von der diese kommt. Es wurde nichts weitergegeben.',
    hint: 'Wenn Sie die App brauchen, bitten Sie die Betreiber, sie zuzulassen.',
  },
  unlistedClient: {
    title: 'Diese App ist hier nicht bekannt',
    message:
      'Niemand hat sie eingerichtet, und sie hat sich nicht so vorgestellt, wie es hier nötig ist. Es wurde nichts weitergegeben, und Sie haben nichts falsch gemacht.',
    hint: 'Bitten Sie die Betreiber dieses Servers, die App hinzuzufügen, oder verbinden Sie sich mit einer, die sie eingerichtet haben.',
  },
  unknownRedirect: {
    title: 'Diese App wollte etwas Unerwartetes',
    message:
      'Sie möchte Sie zu einer Adresse führen, die sie hier nicht registriert hat. Deshalb geht es nicht weiter, und es wurde nichts weitergegeben.',
    hint: 'Wenn Sie der App vertrauen, entfernen Sie diesen Server dort, fügen Sie ihn neu hinzu und verbinden Sie sich. Sonst schließen Sie dieses Fenster.',
  },
  impossiblePrompt: {
    title: 'So kann die App Sie nicht anmelden',
    message:
      'Sie will Sie nichts fragen oder Sie neu anmelden lassen, und das geht gerade nicht. Sie hat keinen Zugriff erhalten.',
    hint: 'Gehen Sie zurück zur App und verbinden Sie sich dort selbst.',
  },
  invalidRequest: {
    title: 'Die Anfrage dieser App ist nicht vollständig',
    message:
      'Die App hat etwas geschickt, womit wir nichts anfangen können. Niemand wurde angemeldet, und es wurde nichts weitergegeben.',
    hint: 'Aktualisieren Sie die App, oder versuchen Sie es noch einmal von vorn.',
  },
  unavailable: {
    title: 'Gleich geht es weiter',
    message:
      'Ein Dienst, den wir brauchen, antwortet gerade nicht. Nichts ist verloren gegangen, und nichts wurde weitergegeben.',
    hint: 'Warten Sie ein paar Sekunden und laden Sie diese Seite neu.',
  },
  tooManyRequests: {
    title: 'Einen Moment bitte',
    message:
      'Aus Ihrem Netzwerk kommen gerade sehr viele Anfragen. Deshalb machen wir eine kurze Pause. Nichts ist verloren gegangen, und nichts wurde weitergegeben.',
    hint: 'Warten Sie eine Minute und laden Sie diese Seite neu.',
  },
  unexpected: {
    title: 'Bei uns ist etwas schiefgegangen',
    message: 'Es lag nicht an Ihnen, und es wurde nichts weitergegeben.',
    hint: 'Gehen Sie zurück zu Ihrer App und verbinden Sie sich noch einmal.',
  },
  signInDenied: {
    title: 'Sie sind nicht angemeldet',
    message: 'Sie haben abgebrochen, oder dieses Konto ist hier nicht zugelassen. Es wurde nichts geändert.',
    hint: 'Sie können es mit einem anderen Konto noch einmal versuchen.',
  },
  signInFailed: {
    title: 'Die Anmeldung hat nicht geklappt',
    message: 'Der Anmeldedienst hat nicht so geantwortet, wie er sollte. Es wurde nichts geändert.',
    hint: 'Warten Sie eine Minute und versuchen Sie es noch einmal.',
  },
  backTo: (host) => `Weiter zu ${host}`,
  tryAgain: 'Noch einmal versuchen',
  openInBrowser: 'Im Browser öffnen',
  copyAddress: 'Oder kopieren Sie diese Adresse in Ihren Browser',
  errorDetail: 'Für Entwickler',
  reference: (reference) => `Referenz: ${reference}`,

  handOverTitle: (client) => `Zurück zu „${client}“`,
  handOverMessage: 'Die App sollte sich jetzt öffnen. Danach können Sie diesen Tab schließen.',
  handOverDeniedTitle: (client) => `„${client}“ hat keinen Zugriff bekommen`,
  handOverDeniedMessage:
    'Es wurde nichts weitergegeben. Die App sollte sich jetzt öffnen und erfährt das. Danach können Sie diesen Tab schließen.',
  handOverFailedMessage:
    'Es wurde nichts weitergegeben. Die App sollte sich jetzt öffnen und erfährt den Grund. Danach können Sie diesen Tab schließen und es in der App noch einmal versuchen.',
  openApp: (client) => `${client} öffnen`,
  openAppHint: 'Wenn sich nichts öffnet, tippen oder klicken Sie auf die Schaltfläche.',

  doneTitle: 'Dieser Schritt ist erledigt',
  doneMessage: 'Sie können dieses Fenster schließen und zu Ihrer App zurückkehren.',
  doneHint: 'Wenn die App noch wartet, verbinden Sie sich von dort aus noch einmal.',

  accountHeading: 'Apps mit Zugriff',
  accountSignedIn: (account, provider) => `Sie sind bei ${provider} als ${account} angemeldet.`,
  accountOnlyThis: 'Sie sehen, wem dieses Konto Zugriff gegeben hat, und nichts von anderen Konten.',
  accountSeveral: 'Wenn Sie hier noch andere Konten nutzen, melden Sie sich mit jedem davon an.',
  accountEmpty: 'Keine App hat Zugriff.',
  accountUnlisted: (count) =>
    `Weitere Apps mit Zugriff: ${count}. Beenden Sie einige von diesen, um sie zu sehen.`,
  accountDestination: 'Antworten gehen an',
  accountSince: (date) => `Seit ${date}`,
  accountLastUsed: (date) => `Zuletzt genutzt am ${date}`,
  accountNeverUsed: 'Noch nicht genutzt',
  accountEnds: (date) => `Endet am ${date}`,
  accountEndsForDisuse: (date) => `Endet am ${date}, falls bis dahin ungenutzt`,
  accountNeverEnds: 'Endet nicht von selbst',
  accountDoubted:
    'Vielleicht nutzt jemand anderes diesen Zugriff. Wenn Sie unsicher sind, beenden Sie ihn und verbinden Sie die App neu.',
  accountEnd: (name) => `Zugriff beenden: ${name}`,
  accountKeysHeading: 'API-Schlüssel',
  accountKeysHint: 'Wer einen dieser Schlüssel hat, kann in Ihrem Namen handeln.',
  accountEndAll: 'Alle Zugriffe beenden',
  accountEndAllKeysHint:
    'Alle Apps verlieren den Zugriff, alle Ihre API-Schlüssel werden ungültig, und Sie werden auf dieser Seite in allen Browsern abgemeldet.',
  accountEndAllHint:
    'Alle Apps verlieren den Zugriff, und Sie werden auf dieser Seite in allen Browsern abgemeldet.',
  accountAllEnded: 'Alle Zugriffe sind beendet, und Sie sind abgemeldet.',
  accountSignOut: 'Abmelden',
  accountAnother: 'Anderes Konto verwenden',
  accountMayReturn:
    'Wenn Sie mit demselben Konto zurückkommen, melden Sie sich zuerst beim Anmeldedienst ab und versuchen Sie es dann noch einmal.',
  accountEnded: 'Der Zugriff ist beendet.',
  accountSignInAgain:
    'Es ist noch nichts beendet: Ihre Anmeldung ist mehr als eine Stunde her. Melden Sie sich noch einmal an und wählen Sie dann erneut.',
  accountOver: 'Sie sind nicht mehr angemeldet. Melden Sie sich an, um zu sehen, was jetzt Zugriff hat.',
  signedOutHeading: 'Welche Apps haben Zugriff?',
  signedOutMessage:
    'Melden Sie sich an, um zu sehen, welchen Apps Sie Zugriff gegeben haben, und um ihn zu beenden.',
}
