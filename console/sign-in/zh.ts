/** Words for somebody whose sign-in was refused; the codes are those of docs/errors.md. */
export const zh = {
  title: '没有登录成功',
  again: '重新登录',
  home: '回到首页',
  PERSON_NOT_REGISTERED: '这个账号在到账里没有对应的在职员工。请联系本单位人力资源，登记或核对您的工号后再登录。',
  SIGN_IN_REFUSED: '单位登录系统没有让您登录。可能是点了取消，或账号在那里受限。请重试；仍不行时，请联系单位的账号管理员。',
  SIGN_IN_STATE_INVALID: '这次登录已过期，或不是在这个浏览器里开始的。请重新登录；在微信、钉钉、飞书里打开时，请全程不要切换浏览器。',
  SECOND_FACTOR_REQUIRED: '单位登录系统没有确认二次验证，这一步需要它。请重新登录并完成二次验证。',
  SIGN_IN_OTHER_PERSON: '二次验证用的是另一个人的账号。请退出后，用您自己的账号登录。',
  IDENTITY_PROVIDER_UNAVAILABLE: '单位登录系统暂时连不上，与您的账号无关。请过几分钟再试。',
  RATE_LIMITED: '登录太频繁了。请等一分钟再试。',
  other: '登录没有完成。请重试；仍不行时，请把下面的参考编号告诉人力资源。',
};
export type Key = keyof typeof zh;
