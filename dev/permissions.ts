import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROLES, type Role } from '#domain/claim/actor.ts';
import { ACTIONS, ruleOf, SECOND_FACTOR_ROLES, type Action } from '#domain/org/can.ts';

/** What every action is, in both languages; a new one cannot be left out. */
const ABOUT: Record<Action, { zh: string; en: string }> = {
  'claim.read': { zh: '查看申请与历史（不含医疗内容）', en: 'see a claim and its history, without what is medical' },
  'claim.read-medical': { zh: '查看医疗内容：明细、诊断、医院、材料、决定', en: 'see what is medical: lines, diagnoses, hospital, documents, decisions' },
  'claim.submit': { zh: '提交、重新提交', en: 'submit, submit again' },
  'claim.estimate': { zh: '预估某人的报销', en: 'estimate what somebody would be paid' },
  'claim.confirm': { zh: '确认草稿', en: 'confirm a draft' },
  'claim.complete': { zh: '说明材料已齐、替换材料', en: 'say that documents are complete, replace one' },
  'claim.add-document': { zh: '补充材料', en: 'add documents' },
  'claim.withdraw': { zh: '撤回', en: 'withdraw' },
  'claim.ask-person': { zh: '申请人工复核预审意见', en: 'have a person look at what a review found' },
  'claim.appeal': { zh: '申请复核', en: 'appeal' },
  'claim.urge': { zh: '催办', en: 'urge the approvers' },
  'claim.hold': { zh: '暂停', en: 'put on hold' },
  'claim.release': { zh: '恢复', en: 'take off hold' },
  'claim.reverse': { zh: '冲正', en: 'ask money back' },
  'document.read': { zh: '查看材料', en: 'see a document' },
  'document.original': { zh: '下载材料原件', en: 'get the file as it came' },
  'document.upload': { zh: '上传材料', en: 'upload a document' },
  'task.read': { zh: '查看待办', en: 'see tasks' },
  'task.read-medical': { zh: '查看待办详情与说明', en: 'see what a task is about, and comments' },
  'task.decide': { zh: '处理待办（须为该待办的角色或指定人）', en: 'decide a task: its role of these, or whoever it names' },
  'unit.read': { zh: '查看单位与历史', en: 'see units and their history' },
  'unit.write': { zh: '新增、更名、迁移、关闭单位', en: 'add, rename, move, close units' },
  'approval-flow.read': { zh: '查看审批流', en: 'see approval flows' },
  'approval-flow.write': { zh: '修改审批流', en: 'change approval flows' },
  'colleague.read': { zh: '按姓名或编号查找同事', en: 'find colleagues by name or number' },
  'employee.read': { zh: '查看员工、账户、额度', en: 'see an employee, accounts, quotas' },
  'employee.write': { zh: '维护员工与额度', en: 'keep employees and quotas' },
  'session.end': { zh: '结束登录会话', en: 'sign somebody out' },
  'account.write': { zh: '变更收款账户', en: 'change the account that is paid to' },
  'role.read': { zh: '查看角色', en: 'see roles' },
  'role.write': { zh: '授予、终止角色', en: 'give and end roles' },
  'role.write-admin': { zh: '授予、终止管理员角色', en: 'give and end the role admin' },
  'substitution.read': { zh: '查看代理', en: 'see substitutions' },
  'substitution.write': { zh: '设置、终止代理', en: 'make and end substitutions' },
  'consent.read': { zh: '查看同意记录', en: 'see consents' },
  'consent.write': { zh: '登记、撤回同意', en: 'give and withdraw consent' },
  'erasure.read': { zh: '查看删除请求', en: 'see requests for erasure' },
  'erasure.request': { zh: '申请删除医疗内容', en: 'ask for the erasure of what is medical' },
  'erasure.decide': { zh: '决定删除请求', en: 'decide a request for erasure' },
  'legal-hold.read': { zh: '查看法定保留', en: 'see legal holds' },
  'legal-hold.write': { zh: '设置、解除法定保留', en: 'place and lift legal holds' },
  'payloads.decode': { zh: '在 Temporal 界面查看数据（不含人写的内容）', en: 'see payloads in the Temporal UI, without what people wrote' },
  'look.read': { zh: '查看谁看过', en: 'see who looked' },
  'inspection.make': { zh: '制作检查包', en: 'make inspection packs' },
  'simulation.read': { zh: '查看政策试算', en: 'see simulations' },
  'simulation.run': { zh: '发起、取消政策试算', en: 'run and call off simulations' },
  'webhook.read': { zh: '查看事件推送', en: 'see webhooks' },
  'webhook.write': { zh: '维护事件推送', en: 'keep webhooks' },
  'payout-stop.read': { zh: '查看支付总闸', en: 'see payout stops' },
  'payout.stop': { zh: '暂停、恢复支付', en: 'stop payouts and let them go on' },
  'operation.read': { zh: '查看停滞的申请、外发消息、运行状况', en: 'see what stands still, what was sent, and how everything runs' },
  'workflow.read': { zh: '查看申请的流程记录（不含人写的内容）', en: "see a claim's workflow, without what people wrote" },
  'claim.operate': { zh: '重试、查询医保局、唤醒、取消、终止、恢复流程', en: 'retry, poll the bureau, nudge, cancel, terminate, recover a workflow' },
  'notice.resend': { zh: '重发消息', en: 'send a message again' },
  'announcement.write': { zh: '发布、结束公告', en: 'make and end announcements' },
};

const NAMES: Record<Role, { zh: string; en: string }> = {
  employee: { zh: '员工', en: 'employee' },
  approver: { zh: '负责人', en: 'approver' },
  hr: { zh: '人力资源', en: 'HR' },
  finance: { zh: '财务', en: 'finance' },
  auditor: { zh: '审计', en: 'auditor' },
  operator: { zh: '运维', en: 'operator' },
  admin: { zh: '管理员', en: 'admin' },
};
const OWN = { allowed: '✓', 'never-claim': 'never 不得', 'by-another': 'another 他人' } as const;
const COLUMNS = ROLES.filter((role) => role !== 'employee');

/** The rules of domain/org/can.ts as docs/permissions.md shows them. */
export function permissionsTable(): string {
  const heads = COLUMNS.map((role) => `${NAMES[role].zh} ${NAMES[role].en}${SECOND_FACTOR_ROLES.includes(role) ? ' ²' : ''}`);
  const rows = ACTIONS.map((action) => {
    const { scope, own, shared, roles, machine, personal } = ruleOf(action);
    const cells = COLUMNS.map((role) => (roles.includes(role) ? '✓' : ''));
    const self = [own ? OWN[own] : '', shared ? 'asked 被邀' : ''].filter(Boolean).join(', ');
    return [`${ABOUT[action].zh}<br>${ABOUT[action].en}`, `\`${action}\`${personal ? ' ¹' : ''}`, self, ...cells, machine ? '✓' : '', `\`${scope}\``];
  });
  const lines = [['操作 what', 'action', '本人 own', ...heads, '系统 machine', 'scope'], Array(COLUMNS.length + 5).fill('---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

export const PERMISSIONS_FILE = join(import.meta.dirname, '../docs/permissions.md');
const BEGIN = '<!-- from domain/org/can.ts: npm run permissions -->\n';
const END = '\n<!-- end -->';

/** `text` with the table as it is to be. */
export function withTable(text: string): string {
  const [start, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (start < 0 || end < start) throw new Error('docs/permissions.md has lost the marks around its table');
  return text.slice(0, start + BEGIN.length) + permissionsTable() + text.slice(end);
}

if (import.meta.main) await writeFile(PERMISSIONS_FILE, withTable(await readFile(PERMISSIONS_FILE, 'utf8')));
