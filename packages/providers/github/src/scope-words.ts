import type { Words } from '@drawbridge/core/provider'

/** What people read of GitHub's scopes: its documentation in the words of a consent page. */
export const descriptions: Readonly<Record<string, Words>> = {
  repo: {
    en: 'Read and change your repositories on GitHub, private ones too',
    de: 'Ihre Repositorys auf GitHub lesen und ändern, auch private',
    ar: 'قراءة مستودعاتك على GitHub وتعديلها، بما فيها الخاصة',
  },
  'repo:status': {
    en: 'Read and write the status of commits in your repositories on GitHub',
    de: 'Den Status von Commits in Ihren Repositorys auf GitHub lesen und setzen',
    ar: 'قراءة حالة الإيداعات (commits) في مستودعاتك على GitHub وتعيينها',
  },
  repo_deployment: {
    en: 'Read and write the deployments of your repositories on GitHub',
    de: 'Die Deployments Ihrer Repositorys auf GitHub lesen und ändern',
    ar: 'قراءة عمليات نشر مستودعاتك على GitHub وتعديلها',
  },
  public_repo: {
    en: 'Read and change your public repositories on GitHub',
    de: 'Ihre öffentlichen Repositorys auf GitHub lesen und ändern',
    ar: 'قراءة مستودعاتك العامة على GitHub وتعديلها',
  },
  'repo:invite': {
    en: 'Accept and decline invitations to repositories on GitHub for you',
    de: 'Einladungen zu Repositorys auf GitHub für Sie annehmen und ablehnen',
    ar: 'قبول الدعوات إلى المستودعات على GitHub أو رفضها نيابةً عنك',
  },
  security_events: {
    en: 'Read and write security alerts of your repositories on GitHub',
    de: 'Sicherheitswarnungen zu Ihren Repositorys auf GitHub lesen und ändern',
    ar: 'قراءة تنبيهات الأمان في مستودعاتك على GitHub وتعديلها',
  },
  'admin:repo_hook': {
    en: 'Read, add, change and delete webhooks of your repositories on GitHub',
    de: 'Webhooks Ihrer Repositorys auf GitHub lesen, anlegen, ändern und löschen',
    ar: 'قراءة خطافات الويب (webhooks) في مستودعاتك على GitHub وإضافتها وتعديلها وحذفها',
  },
  'write:repo_hook': {
    en: 'Read, add and change webhooks of your repositories on GitHub',
    de: 'Webhooks Ihrer Repositorys auf GitHub lesen, anlegen und ändern',
    ar: 'قراءة خطافات الويب (webhooks) في مستودعاتك على GitHub وإضافتها وتعديلها',
  },
  'read:repo_hook': {
    en: 'See the webhooks of your repositories on GitHub',
    de: 'Die Webhooks Ihrer Repositorys auf GitHub sehen',
    ar: 'الاطلاع على خطافات الويب (webhooks) في مستودعاتك على GitHub',
  },
  'admin:org': {
    en: 'Manage your organizations on GitHub, with their teams and members',
    de: 'Ihre Organisationen auf GitHub mit deren Teams und Mitgliedern verwalten',
    ar: 'إدارة مؤسساتك على GitHub مع فرقها وأعضائها',
  },
  'write:org': {
    en: 'Change your memberships and the projects of your organizations on GitHub',
    de: 'Ihre Mitgliedschaften und die Projekte Ihrer Organisationen auf GitHub ändern',
    ar: 'تعديل عضوياتك ومشاريع مؤسساتك على GitHub',
  },
  'read:org': {
    en: 'See which organizations and teams you belong to on GitHub',
    de: 'Sehen, zu welchen Organisationen und Teams Sie auf GitHub gehören',
    ar: 'معرفة المؤسسات والفرق التي تنتمي إليها على GitHub',
  },
  'admin:public_key': {
    en: 'See, add and delete your SSH keys on GitHub',
    de: 'Ihre SSH-Schlüssel auf GitHub sehen, hinzufügen und löschen',
    ar: 'الاطلاع على مفاتيح SSH الخاصة بك على GitHub وإضافتها وحذفها',
  },
  'write:public_key': {
    en: 'See and add your SSH keys on GitHub',
    de: 'Ihre SSH-Schlüssel auf GitHub sehen und hinzufügen',
    ar: 'الاطلاع على مفاتيح SSH الخاصة بك على GitHub وإضافتها',
  },
  'read:public_key': {
    en: 'See your SSH keys on GitHub',
    de: 'Ihre SSH-Schlüssel auf GitHub sehen',
    ar: 'الاطلاع على مفاتيح SSH الخاصة بك على GitHub',
  },
  'admin:org_hook': {
    en: 'Manage the webhooks of your organizations on GitHub',
    de: 'Die Webhooks Ihrer Organisationen auf GitHub verwalten',
    ar: 'إدارة خطافات الويب (webhooks) في مؤسساتك على GitHub',
  },
  gist: {
    en: 'Create and change your gists on GitHub',
    de: 'Ihre Gists auf GitHub anlegen und ändern',
    ar: 'إنشاء مقتطفاتك البرمجية (gists) على GitHub وتعديلها',
  },
  notifications: {
    en: 'Read your notifications on GitHub and mark them as read',
    de: 'Ihre Benachrichtigungen auf GitHub lesen und als gelesen markieren',
    ar: 'قراءة إشعاراتك على GitHub ووضع علامة «مقروء» عليها',
  },
  user: {
    en: 'Read and change your profile on GitHub',
    de: 'Ihr Profil auf GitHub lesen und ändern',
    ar: 'قراءة ملفك الشخصي على GitHub وتعديله',
  },
  'read:user': {
    en: 'Read your profile on GitHub',
    de: 'Ihr Profil auf GitHub lesen',
    ar: 'قراءة ملفك الشخصي على GitHub',
  },
  'user:email': {
    en: 'See your email addresses on GitHub',
    de: 'Ihre E-Mail-Adressen auf GitHub sehen',
    ar: 'الاطلاع على عناوين بريدك الإلكتروني على GitHub',
  },
  'user:follow': {
    en: 'Follow and unfollow people on GitHub for you',
    de: 'Anderen auf GitHub in Ihrem Namen folgen und nicht mehr folgen',
    ar: 'متابعة أشخاص على GitHub وإلغاء متابعتهم نيابةً عنك',
  },
  project: {
    en: 'Read and change your projects on GitHub',
    de: 'Ihre Projekte auf GitHub lesen und ändern',
    ar: 'قراءة مشاريعك على GitHub وتعديلها',
  },
  'read:project': {
    en: 'See your projects on GitHub',
    de: 'Ihre Projekte auf GitHub sehen',
    ar: 'الاطلاع على مشاريعك على GitHub',
  },
  delete_repo: {
    en: 'Delete your repositories on GitHub',
    de: 'Ihre Repositorys auf GitHub löschen',
    ar: 'حذف مستودعاتك على GitHub',
  },
  'write:packages': {
    en: 'Read and publish your packages on GitHub',
    de: 'Ihre Pakete auf GitHub lesen und veröffentlichen',
    ar: 'قراءة حزمك على GitHub ونشرها',
  },
  'read:packages': {
    en: 'Read your packages on GitHub',
    de: 'Ihre Pakete auf GitHub lesen',
    ar: 'قراءة حزمك على GitHub',
  },
  'delete:packages': {
    en: 'Delete your packages on GitHub',
    de: 'Ihre Pakete auf GitHub löschen',
    ar: 'حذف حزمك على GitHub',
  },
  'admin:gpg_key': {
    en: 'See, add and delete your GPG keys on GitHub',
    de: 'Ihre GPG-Schlüssel auf GitHub sehen, hinzufügen und löschen',
    ar: 'الاطلاع على مفاتيح GPG الخاصة بك على GitHub وإضافتها وحذفها',
  },
  'write:gpg_key': {
    en: 'See and add your GPG keys on GitHub',
    de: 'Ihre GPG-Schlüssel auf GitHub sehen und hinzufügen',
    ar: 'الاطلاع على مفاتيح GPG الخاصة بك على GitHub وإضافتها',
  },
  'read:gpg_key': {
    en: 'See your GPG keys on GitHub',
    de: 'Ihre GPG-Schlüssel auf GitHub sehen',
    ar: 'الاطلاع على مفاتيح GPG الخاصة بك على GitHub',
  },
  'write:discussion': {
    en: 'Read and write discussions of your teams on GitHub',
    de: 'Diskussionen Ihrer Teams auf GitHub lesen und schreiben',
    ar: 'قراءة مناقشات فرقك على GitHub والكتابة فيها',
  },
  'read:discussion': {
    en: 'Read discussions of your teams on GitHub',
    de: 'Diskussionen Ihrer Teams auf GitHub lesen',
    ar: 'قراءة مناقشات فرقك على GitHub',
  },
  codespace: {
    en: 'Create and manage your codespaces on GitHub',
    de: 'Ihre Codespaces auf GitHub anlegen und verwalten',
    ar: 'إنشاء مساحات Codespaces الخاصة بك على GitHub وإدارتها',
  },
  'codespace:secrets': {
    en: 'See and change the secrets of your codespaces on GitHub',
    de: 'Die Geheimnisse Ihrer Codespaces auf GitHub sehen und ändern',
    ar: 'الاطلاع على أسرار مساحات Codespaces الخاصة بك على GitHub وتعديلها',
  },
  workflow: {
    en: 'Change workflow files in your repositories on GitHub',
    de: 'Workflow-Dateien in Ihren Repositorys auf GitHub ändern',
    ar: 'تعديل ملفات سير العمل (workflow) في مستودعاتك على GitHub',
  },
  audit_log: {
    en: 'Read the audit log of your organizations on GitHub',
    de: 'Das Audit-Protokoll Ihrer Organisationen auf GitHub lesen',
    ar: 'قراءة سجل التدقيق في مؤسساتك على GitHub',
  },
  'read:audit_log': {
    en: 'Read the audit log of your organizations on GitHub',
    de: 'Das Audit-Protokoll Ihrer Organisationen auf GitHub lesen',
    ar: 'قراءة سجل التدقيق في مؤسساتك على GitHub',
  },
}
