import type { InvoiceType } from '#domain/invoice/key.ts';

/** An invoice as its issuer knows it, for files made by the project. Amounts are decimal yuan; `tax` of a line is already in its amount. */
export type Bill = {
  type: InvoiceType;
  title: string;
  code: string;
  number: string;
  checkCode: string;
  date: string;
  amount: string;
  inWords: string;
  payer: string;
  hospital: string;
  lines: readonly { name: string; itemCode: string; quantity: string; unitPrice: string; amount: string; tax?: string; level: '01' | '02' | '03' }[];
};

const line = (
  name: string,
  itemCode: string,
  quantity: string,
  unitPrice: string,
  amount: string,
  level: '01' | '02' | '03' = '01',
): Bill['lines'][number] => ({
  ...{ name, itemCode, quantity, unitPrice, amount, level },
});

/** Nobody's: people, hospitals and numbers are made up. */
export const BILLS = {
  outpatient: {
    type: '1',
    title: '河北省医疗门诊收费票据(电子)',
    code: '13060126',
    number: '0004512783',
    checkCode: 'k7f2x9',
    date: '2026-03-05',
    amount: '386.45',
    inWords: '叁佰捌拾陆元肆角伍分',
    payer: '陈晓梅',
    hospital: '石家庄市长安康宁医院',
    // 12.00 + 145.60 + 60.00 + 138.85 + 30.00 = 386.45
    lines: [
      line('普通门诊诊察费', '110200001', '1', '12.00', '12.00'),
      line('阿莫西林胶囊', 'XJ01CAA040E001010104', '4', '36.40', '145.60'),
      line('血常规检查', '250101015', '3', '20.00', '60.00', '02'),
      line('胸部正位摄片', '210102015', '1', '138.85', '138.85', '02'),
      line('一次性使用采血针', 'C14020500000', '2', '15.00', '30.00', '03'),
    ],
  },
  inpatient: {
    type: '1',
    title: '河北省医疗住院收费票据(电子)',
    code: '13060226',
    number: '0000098317',
    checkCode: '3d80qa',
    date: '2026-06-18',
    amount: '12606.09',
    inWords: '壹万贰仟陆佰零陆元零玖分',
    payer: '欧阳建国',
    hospital: '廊坊市安次区仁和医院',
    // 350.00 + 4820.15 + 2400.00 + 3135.94 + 1900.00 = 12606.09
    lines: [
      line('床位费', '110900001', '7', '50.00', '350.00'),
      line('西药费', '010101', '1', '4820.15', '4820.15', '02'),
      line('手术费', '330703017', '1', '2400.00', '2400.00'),
      line('化验费', '250102', '1', '3135.94', '3135.94'),
      line('卫生材料费', 'C01011200000', '1', '1900.00', '1900.00', '03'),
    ],
  },
  taxInvoice: {
    type: '2',
    title: '北京增值税电子普通发票',
    code: '011002100311',
    number: '57120846',
    checkCode: '20715630984412567389',
    date: '2025-11-20',
    amount: '742.00',
    inWords: '柒佰肆拾贰圆整',
    payer: '赵立新',
    hospital: '北京同济口腔门诊部有限公司',
    // 400.00 + 24.00 tax and 300.00 + 18.00 tax
    lines: [
      { ...line('*医疗服务*洁牙', '3070201', '2', '200.00', '424.00'), tax: '24.00' },
      { ...line('*医疗服务*牙周检查', '3070202', '1', '300.00', '318.00'), tax: '18.00' },
    ],
  },
  digital: {
    type: '3',
    title: '电子发票(普通发票)',
    code: '',
    number: '26132000000048215097',
    checkCode: '',
    date: '2026-01-09',
    amount: '1058.50',
    inWords: '壹仟零伍拾捌圆伍角整',
    payer: '刘思远',
    hospital: '石家庄惠民大药房连锁有限公司',
    lines: [line('*生物化学药品*胰岛素注射液', '1070301', '5', '211.70', '1058.50')],
  },
} as const satisfies Record<string, Bill>;

type Claimed = {
  hospital: { name: string };
  lines: readonly { itemCode: string; itemName: string; itemClass: '01' | '02' | '03'; quantity: string; unitPrice: string; amount: string }[];
  invoices: readonly [{ type: '1'; code: string; number: string; checkCode: string; amount: string; issuedOn: string }];
};

/** The bill that says what a claim of one invoice does. */
export function billOf({ hospital, lines, invoices }: Claimed, printed: { title: string; inWords: string; payer: string }): Bill {
  const [{ issuedOn: date, ...invoice }] = invoices;
  return {
    ...invoice,
    ...printed,
    date,
    hospital: hospital.name,
    lines: lines.map(({ itemName, itemClass, ...rest }) => ({ ...rest, name: itemName, level: itemClass })),
  };
}

/** The text of its QR code. An older tax invoice carries the amount without tax. */
export function qrTextOf(bill: Bill): string {
  const day = bill.date.replaceAll('-', '');
  if (bill.type === '1')
    return `https://einvoice.example/check?billCode=${bill.code}&billNo=${bill.number}&random=${bill.checkCode}&issueDate=${day}&totalAmount=${bill.amount}`;
  if (bill.type === '3') return `01,32,,${bill.number},${bill.amount},${day},,74AE,`;
  return `01,10,${bill.code},${bill.number},${beforeTax(bill)},${day},${bill.checkCode},0816,`;
}

/** Decimal yuan. */
export function beforeTax(bill: Bill): string {
  const cents = bill.lines.reduce((total, { amount, tax = '0' }) => total + Math.round(Number(amount) * 100) - Math.round(Number(tax) * 100), 0);
  return (cents / 100).toFixed(2);
}
