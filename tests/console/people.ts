import { signInPerson } from '#dev/identity/people.ts';

/** People of whom each test file has its own, because they run side by side: who can sign in is settled when the identity provider starts. */
const NAMES = {
  'straight-way': '钱多多',
  'double-tap': '吴双',
  'dropped-line': '郑断',
  'kept-draft': '冯存',
  'someone-else': '卫另',
  manager: '蒋批',
  operator: '沈运',
  approver: '杨签',
  substitute: '朱代',
  'shown-approver': '秦示',
  spare: '韩备',
  'branch-manager': '许负责',
  'branch-hr': '何人事',
  'one-tap': '何轻',
  appellant: '施诉',
  'new-account': '孔新',
  'lost-stream': '曹续',
  'big-photo': '严照',
  absent: '华休',
  'wrong-bill': '金错',
  /** whom the identity provider knows, and we do not */
  stranger: '陶外',
} as const;
export type TestPerson = keyof typeof NAMES;

export const employeeNoOf = (who: TestPerson): string => `T${10_001 + Object.keys(NAMES).indexOf(who)}`;
export const nameOf = (who: TestPerson): string => NAMES[who];
export const TEST_PEOPLE = (Object.keys(NAMES) as TestPerson[]).map((who) =>
  signInPerson({ employeeNo: employeeNoOf(who), name: NAMES[who], about: 'of the tests' }),
);
