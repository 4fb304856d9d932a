/**
 * The one catalogue of refusals and failures: what the API puts into `code` of a problem document, and what the workflow answers to an
 * update. docs/errors.md explains each and is tested against this file both ways. A retired code is never used again.
 */
const CATALOGUE = {
  VALIDATION_FAILED: { status: 400, zh: '请求内容不符合要求', en: 'The request does not fit its schema' },
  MALFORMED_JSON: { status: 400, zh: '请求体不是有效的 JSON', en: 'The body is not JSON' },
  IDEMPOTENCY_KEY_MISSING: { status: 400, zh: '缺少 Idempotency-Key 请求头', en: 'The Idempotency-Key header is missing' },
  ACTOR_REQUIRED: { status: 400, zh: '缺少操作人', en: 'The request does not say for whom it acts' },
  CREDENTIALS_AMBIGUOUS: { status: 400, zh: '同时提供了会话与令牌', en: 'The request carries a session and a token' },
  SIGN_IN_STATE_INVALID: { status: 400, zh: '登录请求无效或已过期', en: 'The sign-in was not begun here, or is over' },
  CURSOR_INVALID: { status: 400, zh: '分页游标无效', en: 'The cursor is not one of ours' },

  UNAUTHENTICATED: { status: 401, zh: '未通过身份验证', en: 'Not authenticated' },
  TOKEN_INVALID: { status: 401, zh: '访问令牌无效', en: 'The access token is not valid' },
  SESSION_ENDED: { status: 401, zh: '会话已结束，请重新登录', en: 'The session is over' },
  SIGN_IN_REFUSED: { status: 401, zh: '登录未成功', en: 'The identity provider did not sign in' },
  SIGNATURE_INVALID: { status: 401, zh: '签名无效', en: 'The signature is not valid' },

  FORBIDDEN: { status: 403, zh: '没有权限', en: 'Not allowed' },
  SCOPE_MISSING: { status: 403, zh: '密钥缺少所需的权限范围', en: 'The key lacks the scope' },
  ACTOR_OUTSIDE_UNIT: { status: 403, zh: '操作人不在密钥所属单位内', en: "The actor is outside the key's unit" },
  OWN_CLAIM: { status: 403, zh: '不能处理本人的报销申请', en: 'Nobody decides their own claim' },
  SECOND_FACTOR_REQUIRED: { status: 403, zh: '须完成二次验证', en: 'A second factor is needed' },
  CSRF_REFUSED: { status: 403, zh: '请求并非来自本站页面', en: 'The request does not come from our own page' },
  PERSON_NOT_REGISTERED: { status: 403, zh: '登录账号未对应在职员工', en: 'The account belongs to no active employee' },
  SIGN_IN_OTHER_PERSON: { status: 403, zh: '二次验证的并非本人', en: 'Somebody else signed in' },
  SECOND_PERSON_REQUIRED: { status: 403, zh: '须由另一人处理', en: 'Another person has to do this' },

  NOT_FOUND: { status: 404, zh: '未找到', en: 'Not found' },
  DOCUMENT_PAGE_UNKNOWN: { status: 404, zh: '没有这一页', en: 'The document has no such page' },
  METHOD_NOT_ALLOWED: { status: 405, zh: '不支持该方法', en: 'The method is not allowed here' },

  REQUEST_IN_FLIGHT: { status: 409, zh: '相同请求正在处理中', en: 'The same request is still being handled', retryable: true },
  CLAIM_STATE_CONFLICT: { status: 409, zh: '申请的当前状态不允许此操作', en: "The claim's state does not allow this" },
  CLAIM_ON_HOLD: { status: 409, zh: '申请已暂停', en: 'The claim is on hold' },
  CLAIM_CLOSED: { status: 409, zh: '申请已结束', en: 'The claim has ended' },
  TASK_ALREADY_DECIDED: { status: 409, zh: '待办已处理', en: 'The task has been decided already' },
  WITHDRAWAL_TOO_LATE: { status: 409, zh: '已不能撤回', en: 'It is too late to withdraw' },
  RECALL_TOO_LATE: { status: 409, zh: '后续审批已处理，不能撤回', en: 'Somebody has acted on the approval; it cannot be taken back' },
  CONSENT_MISSING: { status: 409, zh: '缺少本人的同意', en: 'The person has not consented' },
  ERASURE_REFUSED: { status: 409, zh: '暂不能删除', en: 'It cannot be erased yet' },
  URGED_RECENTLY: { status: 409, zh: '一小时内已催办', en: 'They were reminded within the last hour' },
  APPEAL_TOO_LATE: { status: 409, zh: '复核期限已过', en: 'The time for an appeal is over' },
  RESUBMISSION_LIMIT: { status: 409, zh: '已达重新提交次数上限', en: 'The claim was resubmitted too often' },
  SIMULATION_ENDED: { status: 409, zh: '试算已结束', en: 'The simulation has ended' },
  SIMULATIONS_TOO_MANY: { status: 409, zh: '进行中的试算过多', en: 'Too many simulations are under way' },
  SIMULATIONS_NOT_COMPARABLE: { status: 409, zh: '两次试算不可比较', en: 'The two simulations cannot be compared' },
  MESSAGE_REPLAYED: { status: 409, zh: '相同消息编号的内容不一致', en: 'The message id was used with another body' },
  PERSON_ERASED: { status: 409, zh: '该人员的医疗信息已删除', en: "The person's medical data were erased" },
  UPLOAD_OFFSET_WRONG: { status: 409, zh: '上传位置与已收到的不符', en: 'The upload does not go on from there' },
  UPLOADS_TOO_MANY: { status: 409, zh: '未完成的上传过多', en: 'Too many uploads are under way' },
  WORKFLOW_NOT_RUNNING: { status: 409, zh: '该申请没有正在运行的流程', en: 'No workflow runs for the claim' },
  NOTHING_TO_RETRY: { status: 409, zh: '没有等待重试的调用', en: 'No call waits for another attempt' },
  ALREADY_EXISTS: { status: 409, zh: '已存在', en: 'It exists already' },

  ERASED: { status: 410, zh: '内容已依法删除', en: 'The content was erased' },

  TUS_VERSION_UNSUPPORTED: { status: 412, zh: '不支持的断点续传协议版本', en: 'This version of tus is not spoken here' },
  VERSION_MISMATCH: { status: 412, zh: '内容已被他人更新', en: 'It was changed in the meantime' },
  BODY_TOO_LARGE: { status: 413, zh: '请求体过大', en: 'The body is too large' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, zh: '不支持的内容类型', en: 'The content type is not supported' },
  DOCUMENT_TYPE_REFUSED: { status: 415, zh: '不支持的文件类型', en: 'Files of this type are not taken' },

  IDEMPOTENCY_KEY_REUSED: { status: 422, zh: 'Idempotency-Key 已用于其他请求', en: 'The Idempotency-Key was used for another request' },
  CONFIRMATION_DIFFERS: { status: 422, zh: '输入的申请编号不一致', en: 'The claim number typed is another one' },
  BUREAU_NOT_POLLED: { status: 422, zh: '该医保局不支持查询', en: 'The bureau cannot be asked for answers' },
  CHOICE_NOT_OFFERED: { status: 422, zh: '待办没有该选项', en: 'The task does not offer this choice' },
  COMMENT_REQUIRED: { status: 422, zh: '请填写说明', en: 'A comment is required' },
  ALREADY_ASKED: { status: 422, zh: '该人员已在本步审批中', en: 'The person is asked in this step already' },
  APPROVAL_STEP_UNKNOWN: { status: 422, zh: '没有可退回的审批步骤', en: 'There is no such step to return to' },
  APPROVAL_FLOWS_OVERLAP: { status: 422, zh: '与另一审批流的适用范围重叠', en: 'Another flow would be meant for the same claims' },
  CONSENT_TEXT_OUTDATED: { status: 422, zh: '同意书版本已更新', en: 'The wording was replaced' },
  CONSENT_EVIDENCE_REQUIRED: { status: 422, zh: '须提供本人签署的书面材料', en: 'The paper that the person signed is needed' },
  EMPLOYEE_UNKNOWN: { status: 422, zh: '员工不存在', en: 'The employee is unknown' },
  UNIT_UNKNOWN: { status: 422, zh: '单位不存在', en: 'The unit is unknown' },
  DOCUMENT_UNKNOWN: { status: 422, zh: '材料不存在', en: 'The document is unknown' },
  BUREAU_UNKNOWN: { status: 422, zh: '参保地尚未接入医保局', en: 'No bureau is connected for the insured region' },
  PLAN_UNKNOWN: { status: 422, zh: '没有该补充医疗计划', en: 'There is no such plan' },
  HOSPITAL_UNKNOWN: { status: 422, zh: '定点名录中没有该医院，请填写医院级别', en: 'No directory knows the hospital: state its grade' },
  ITEM_CLASS_REQUIRED: { status: 422, zh: '目录中没有该项目，请填写类别', en: 'No catalogue knows the item: state its class' },
  RULES_INVALID: { status: 422, zh: '政策内容有误', en: 'The rules have faults' },
  PRIOR_CLAIM_INVALID: { status: 422, zh: '不能作为原申请', en: 'This claim cannot be resubmitted' },
  AMOUNT_INVALID: { status: 422, zh: '金额无效', en: 'The amount is not valid' },
  DATE_IN_FUTURE: { status: 422, zh: '日期晚于今天', en: 'The date lies in the future' },
  DATES_OUT_OF_ORDER: { status: 422, zh: '日期先后不符', en: 'The dates are out of order' },
  LINES_DO_NOT_ADD_UP: { status: 422, zh: '明细合计与总额不符', en: 'The lines do not add up' },
  ACCOUNT_HOLDER_DIFFERS: { status: 422, zh: '账户户名与员工姓名不一致', en: "The account is not in the employee's name" },
  UNIT_CYCLE: { status: 422, zh: '单位不能移到自己的下级', en: 'A unit cannot be moved below itself' },
  SUBSTITUTION_CIRCULAR: { status: 422, zh: '不能互相代理', en: 'Two people cannot stand in for each other' },
  WEBHOOK_URL_REFUSED: { status: 422, zh: '推送地址不被允许', en: 'Events cannot be sent to this address' },
  INVOICE_KEY_INVALID: { status: 422, zh: '票据代码或号码无效', en: 'The invoice code or number is not valid' },
  DOCUMENT_EMPTY: { status: 422, zh: '文件为空', en: 'The file is empty' },
  DOCUMENT_CONTENT_MISMATCH: { status: 422, zh: '文件内容与类型不符', en: 'The content is not of the declared type' },
  DOCUMENT_SUSPICIOUS: { status: 422, zh: '文件解压后过大或结构异常', en: 'The file would unpack to too much, or is built to harm' },
  DOCUMENT_IMAGE_TOO_LARGE: { status: 422, zh: '图片尺寸过大', en: 'The picture has too many pixels' },
  DOCUMENT_TOO_MANY_PAGES: { status: 422, zh: '文件页数过多', en: 'The file has too many pages' },
  DOCUMENT_ENCRYPTED: { status: 422, zh: '文件已加密', en: 'The file needs a password' },
  DOCUMENT_ACTIVE_CONTENT: { status: 422, zh: '文件含有脚本或可执行操作', en: 'The file would run something when it is opened' },
  DOCUMENT_OF_ANOTHER: { status: 422, zh: '材料已用于他人的申请', en: "The document belongs to somebody else's claim" },
  UPLOAD_CHECKSUM_WRONG: { status: 422, zh: '文件与校验值不符', en: 'The file is not the one that was announced' },
  DOCUMENT_NOT_SHOWN: { status: 422, zh: '此类文件无法预览', en: 'Files of this type cannot be shown' },

  PRECONDITION_REQUIRED: { status: 428, zh: '缺少 If-Match 请求头', en: 'The If-Match header is missing' },

  RATE_LIMITED: { status: 429, zh: '请求过于频繁', en: 'Too many requests', retryable: true },

  INTERNAL: { status: 500, zh: '系统内部错误', en: 'Internal error' },
  DOCUMENT_DAMAGED: { status: 500, zh: '材料内容已损坏', en: 'The content of the document is damaged' },
  DATABASE_UNAVAILABLE: { status: 503, zh: '数据库暂不可用', en: 'The database is away', retryable: true },
  IDENTITY_PROVIDER_UNAVAILABLE: { status: 503, zh: '身份认证服务暂不可用', en: 'The identity provider is away', retryable: true },
  TEMPORAL_UNAVAILABLE: { status: 503, zh: '流程服务暂不可用', en: 'The workflow service is away', retryable: true },
  DOCUMENT_READER_UNAVAILABLE: { status: 503, zh: '文件读取服务暂不可用', en: 'Files cannot be read just now', retryable: true },
  UPDATE_PENDING: { status: 504, zh: '操作已送达，结果未定', en: 'Delivered, but not answered yet', retryable: true },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorEntry = {
  /** HTTP status */
  status: number;
  zh: string;
  en: string;
  /** whether the same request, with the same Idempotency-Key, may simply be sent again */
  retryable?: true;
};
export type ErrorCode = keyof typeof CATALOGUE;

export const ERRORS: Readonly<Record<ErrorCode, ErrorEntry>> = CATALOGUE;
export const ERROR_CODES = Object.keys(CATALOGUE) as ErrorCode[];

/** An expected "no". `params` are plain values for the problem document; never personal data. */
export type Refusal = { ok: false; code: ErrorCode; detail?: string; params?: Record<string, string | number | readonly string[]> };

export function refuse(code: ErrorCode, about: Omit<Refusal, 'ok' | 'code'> = {}): Refusal {
  return { ok: false, code, ...about };
}

/** A bureau or bank could not be reached or answered nonsense. The call may have been carried out: repeat it under the same id. */
export class GatewayUnavailable extends Error {
  override readonly name = 'GatewayUnavailable';
  readonly gateway: string;

  constructor(gateway: string, message: string, options?: ErrorOptions) {
    super(`${gateway}: ${message}`, options);
    this.gateway = gateway;
  }
}
