import { beforeTax, type Bill } from './bill.ts';

/** A text on the page: millimetres from the upper left to its left end and its base line, and the size of its letters. */
export type Placed = { text: string; x: number; y: number; size: number };
export type Layout = {
  width: number;
  height: number;
  texts: Placed[];
  rules: { x: number; y: number; width: number }[];
  qr: { x: number; y: number; size: number };
};

const SIZE = 3.6;

/** Where the issuers' programs set what, roughly: fiscal bills in one way, tax invoices in another. */
export function layoutOf(bill: Bill): Layout {
  const texts: Placed[] = [];
  const put = (x: number, y: number, text: string, size = SIZE): void => {
    if (text !== '') texts.push({ text, x, y, size });
  };
  put(70, 14, bill.title, 5.5);
  if (bill.type === '1') fiscal(bill, put);
  else tax(bill, put);
  return { width: 210, height: 140, texts, rules: [30, 96, 104, 124].map((y) => ({ x: 5, y, width: 200 })), qr: { x: 8, y: 4, size: 22 } };
}

type Put = (x: number, y: number, text: string, size?: number) => void;

function fiscal(bill: Bill, put: Put): void {
  put(35, 22, `票据代码：${bill.code}`);
  put(130, 22, `票据号码：${bill.number}`);
  put(35, 28, '交款人统一社会信用代码：');
  put(130, 28, `校验码：${bill.checkCode}`);
  // the label and its value are two texts
  put(35, 34, '交款人：');
  put(50, 34, bill.payer);
  put(130, 34, `开票日期：${bill.date}`);
  // two halves side by side, each with its head
  for (const left of [6, 106]) {
    put(left, 42, '项目名称');
    put(left + 44, 42, '数量/单位');
    put(left + 64, 42, '金额（元）');
    put(left + 86, 42, '备注');
  }
  for (const [index, { name, quantity, amount }] of bill.lines.entries()) {
    const [left, y] = [index % 2 === 0 ? 6 : 106, 50 + Math.floor(index / 2) * 7];
    put(left, y, name);
    put(left + 46, y, quantity);
    put(left + 66, y, amount);
  }
  put(6, 101, `金额合计（大写）${bill.inWords}`);
  put(120, 101, `（小写）${bill.amount}`);
  put(6, 109, '业务流水号：260305000117    门诊号：88120    就诊日期：2026-03-05');
  put(6, 115, `医疗机构类型：综合医院    性别：女    医保类型：职工基本医疗保险`);
  put(6, 121, '医保统筹基金支付：0.00    个人账户支付：0.00    个人现金支付：10.00');
  put(6, 130, '收款单位（章）：');
  put(36, 130, bill.hospital);
  put(120, 130, '复核人：周敏');
  put(165, 130, '收款人：孙莉');
}

function tax(bill: Bill, put: Put): void {
  const [year = '', month = '', day = ''] = bill.date.split('-');
  if (bill.code !== '') put(150, 10, `发票代码: ${bill.code}`);
  put(150, 15, `发票号码: ${bill.number}`);
  put(150, 20, `开票日期: ${year}年${month}月${day}日`);
  if (bill.checkCode !== '') put(150, 25, `校 验 码: ${bill.checkCode.replaceAll(/(.{5})(?=.)/g, '$1 ')}`);
  const digital = bill.type === '3';
  for (const [index, each] of ['购', '买', '方'].entries()) put(7, 36 + index * 5, each);
  put(14, 35, digital ? '名称：' : '名    称：');
  put(32, 35, bill.payer);
  const [sellerX, sellerY] = digital ? [110, 35] : [14, 108];
  for (const [index, each] of ['销', '售', '方'].entries()) put(sellerX - 7, sellerY + 1 + index * 5, each);
  put(sellerX, sellerY, digital ? '名称：' : '名    称：');
  put(sellerX + 18, sellerY, bill.hospital);
  put(14, 41, '统一社会信用代码/纳税人识别号：');
  const columns = { name: 10, unit: 84, quantity: 98, price: 118, amount: 145, rate: 170, tax: 185 };
  for (const [x, head] of [
    [columns.name, '货物或应税劳务、服务名称'],
    [columns.unit, '单位'],
    [columns.quantity, '数 量'],
    [columns.price, '单 价'],
    [columns.amount, '金 额'],
    [columns.rate, '税率'],
    [columns.tax, '税 额'],
  ] as const) {
    put(x, 56, head);
  }
  for (const [index, { name, quantity, unitPrice, amount, tax: added }] of bill.lines.entries()) {
    const y = 63 + index * 6;
    put(columns.name, y, name);
    put(columns.quantity, y, quantity);
    put(columns.price, y, unitPrice);
    put(columns.amount, y, (Number(amount) - Number(added ?? '0')).toFixed(2));
    put(columns.rate, y, added === undefined ? '免税' : '6%');
    put(columns.tax, y, added ?? '***');
  }
  put(20, 94, '合        计');
  put(columns.amount - 3, 94, `¥${beforeTax(bill)}`);
  put(20, 101, '价税合计(大写)');
  put(60, 101, bill.inWords);
  put(145, 101, '(小写)');
  put(158, 101, `¥${bill.amount}`);
  put(14, 130, '收款人:高宁');
  put(70, 130, '复核:马超');
  put(120, 130, '开票人:林静');
}
