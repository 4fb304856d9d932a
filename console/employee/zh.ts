/** Words of the employee's pages. */
export const zh = {
  'home.title': '我的报销进度',
  'home.none': '还没有报销申请。',
  'home.new': '提交报销',
};
export type Key = keyof typeof zh;
