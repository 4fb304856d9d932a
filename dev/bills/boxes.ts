import type { Bill } from './bill.ts';
import type { Layout, Placed } from './layout.ts';

const SIZE = 3.4;
/** A longer name goes on in a second row of its cell, and the amount stands between the two. */
const NAME_LETTERS = 8;
const grouped = (amount: string): string => amount.replace(/\B(?=(\d{3})+(?=\.))/g, ',');

/** Another issuer's page: labels above their values in ruled boxes, one item a row with its number, names that wrap, thousands set apart, full-width digits in the total. */
export function boxesOf(bill: Bill): Layout {
  const texts: Placed[] = [];
  const put = (x: number, y: number, text: string, size = SIZE): void => {
    if (text !== '') texts.push({ text, x, y, size });
  };
  put(70, 14, bill.title, 5.5);
  const head = bill.type === '1' ? '票据' : '发票';
  const boxes: [number, number, string, string][] = [
    [12, 28, `${head}代码`, bill.code],
    [60, 28, `${head}号码`, bill.number],
    [120, 28, '校验码', bill.checkCode],
    [170, 28, '开票日期', bill.date.replaceAll('-', '/')],
    [12, 44, bill.type === '1' ? '交款人' : '购买方名称', bill.payer],
    [80, 44, bill.type === '1' ? '收款单位' : '销售方名称', bill.hospital],
  ];
  for (const [x, y, label, value] of boxes.filter(([, , , text]) => text !== '')) {
    put(x, y, label);
    put(x, y + 7, value);
  }
  const columns = { no: 6, name: 18, spec: 60, unit: 80, price: 98, quantity: 125, amount: 145, level: 178 };
  const heads = ['序号', '项目名称', '规格', '单位', '单价', '数量', '金额', '医保类别'];
  for (const [index, x] of Object.values(columns).entries()) put(x, 60, heads[index] ?? '');
  for (const [index, { name, quantity, unitPrice, amount, level }] of bill.lines.entries()) {
    const y = 69 + index * 9;
    const [first, rest] = [name.slice(0, NAME_LETTERS), name.slice(NAME_LETTERS)];
    put(columns.name, rest === '' ? y : y - 2.1, first);
    put(columns.name, y + 2.1, rest);
    put(columns.no, y, String(index + 1));
    put(columns.unit, y, '次');
    put(columns.price, y, grouped(unitPrice));
    put(columns.quantity, y, quantity);
    put(columns.amount, y, grouped(amount));
    put(columns.level, y, level === '01' ? '甲' : level === '02' ? '乙' : '丙');
  }
  put(12, 120, `合计（大写）：${bill.inWords}`);
  put(120, 120, `（小写）：￥${grouped(bill.amount).replaceAll(/\d/g, (digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0))}`);
  put(12, 128, '医保统筹基金支付：0.00    个人账户支付：0.00    个人现金支付：10.00');
  return { width: 210, height: 140, texts, rules: [22, 38, 54, 62, 114, 124].map((y) => ({ x: 5, y, width: 200 })), qr: { x: 8, y: 4, size: 14 } };
}
