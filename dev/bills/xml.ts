import { beforeTax, type Bill } from './bill.ts';

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const element = (name: string, value: string): string => `<${name}>${escaped(value)}</${name}>`;
const elements = (values: Record<string, string>): string =>
  Object.entries(values)
    .map(([name, value]) => element(name, value))
    .join('');

/** The insurance's structured e-bill, with an element that no reader knows. */
export function structuredXml(bill: Bill, { reversed = false }: { reversed?: boolean } = {}): string {
  const head = elements({
    ...{
      elecSetlCertCode: bill.code,
      elecSetlCertNo: bill.number,
      elecSetlCertChkcode: bill.checkCode,
      elecSetlCertType: bill.type,
      certSetlType: '2',
      mdtrtType: '1',
    },
    ...{
      elecSetlCertFlag: reversed ? '1' : '0',
      supninsCode: '130100',
      psnName: bill.payer,
      certno: '',
      billAmt: bill.amount,
      billDate: bill.date,
      billTime: '10:21:33',
    },
    ...{
      medSumfee: bill.amount,
      hifpPay: '0',
      othPay: '0',
      psnAcctPay: '0',
      psnCashpay: bill.amount,
      psnSelfpay: '0',
      psnOwnpay: bill.amount,
      futureElement: 'x',
    },
  });
  const lines = bill.lines.map(({ name, itemCode, quantity, unitPrice, amount, level }) =>
    element('feeOcurTime', `${bill.date} 09:00:00`).concat(
      elements({ cnt: quantity, pric: unitPrice, detItemFeeSumamt: amount, medListCodg: itemCode, medListName: name, chrgitmLv: level }),
    ),
  );
  const visit = elements({
    fixmedinsCode: 'H13010200017',
    fixmedinsName: bill.hospital,
    begntime: `${bill.date} 08:40:00`,
    endtime: `${bill.date} 11:00:00`,
    medType: '11',
  });
  const list = lines.map((each) => `<feeDetl>${each}</feeDetl>`).join('');
  return `<?xml version="1.0" encoding="UTF-8"?>\n<tktextinfo><billInfo>${head}</billInfo><mdtrtInfo>${visit}</mdtrtInfo><feeDetlList>${list}</feeDetlList><diagList/></tktextinfo>`;
}

/** The Ministry of Finance's fiscal e-bill. */
export function fiscalXml(bill: Bill): string {
  const main = elements({
    ...{ EInvoiceName: bill.title, EInvoiceCode: bill.code, EInvoiceNumber: bill.number, RandomNumber: bill.checkCode, TotalAmount: bill.amount },
    ...{ IssueDate: bill.date.replaceAll('-', ''), IssueTime: '10:21:33' },
  });
  const parties = `<InvoicingParty>${elements({ InvoicingPartyCode: '12130100', InvoicingPartyName: bill.hospital })}</InvoicingParty><PayingParty>${elements({ PayerPartyName: bill.payer })}</PayingParty>`;
  const items = bill.lines.map(({ name, itemCode, quantity, unitPrice, amount }) =>
    elements({ ItemCode: itemCode, ItemName: name, ItemAmount: amount, ItemQuantity: quantity, ItemStd: unitPrice }),
  );
  const details = items.map((each) => `<Item>${each}</Item>`).join('');
  return `<?xml version="1.0" encoding="utf-8"?>\n<EInvoice><Header><EInvoiceTag>CZ-EI</EInvoiceTag><Version>1.0</Version></Header><EInvoiceData><Main>${main}${parties}</Main><Details>${details}</Details></EInvoiceData></EInvoice>`;
}

/** The fully digital invoice. Its lines hold the name of the total's element too. */
export function digitalXml(bill: Bill): string {
  const lines = bill.lines.map(({ name, quantity, unitPrice, amount, tax = '0.00' }) =>
    elements({
      ItemName: name,
      Quantity: quantity,
      UnPrice: unitPrice,
      Amount: (Number(amount) - Number(tax)).toFixed(2),
      ComTaxAm: tax,
      TotaltaxIncludedAmount: amount,
    }),
  );
  const items = lines.map((each) => `<IssuItemInformation>${each}</IssuItemInformation>`).join('');
  const basic = elements({ TotalAmWithoutTax: beforeTax(bill), 'TotalTax-includedAmount': bill.amount, RequestTime: `${bill.date} 10:21:33` });
  const parties = `<SellerInformation>${element('SellerName', bill.hospital)}</SellerInformation><BuyerInformation>${element('BuyerName', bill.payer)}</BuyerInformation>`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<EInvoice><Header>${element('EIid', bill.number)}<EInvoiceTag>SWEI3200</EInvoiceTag></Header><EInvoiceData>${items}${parties}<BasicInformation>${basic}</BasicInformation></EInvoiceData><TaxSupervisionInfo>${element('InvoiceNumber', bill.number)}${element('IssueTime', `${bill.date} 10:21:33`)}</TaxSupervisionInfo></EInvoice>`;
}

/** The e-invoice standard of 2019, with prefixes, as OFD invoices carry it along. */
export function eInvoiceXml(bill: Bill): string {
  const prefixed = (values: Record<string, string>): string =>
    elements(Object.fromEntries(Object.entries(values).map(([name, value]) => [`fp:${name}`, value])));
  const [year = '', month = '', day = ''] = bill.date.split('-');
  const goods = bill.lines.map(({ name, quantity, unitPrice, amount, tax = '0.00' }) =>
    prefixed({ Item: name, Price: unitPrice, Quantity: quantity, Amount: (Number(amount) - Number(tax)).toFixed(2), TaxScheme: '6%', TaxAmount: tax }),
  );
  const list = goods.map((each) => `<fp:GoodsInfo>${each}</fp:GoodsInfo>`).join('');
  const head = prefixed({ InvoiceCode: bill.code, InvoiceNo: bill.number, IssueDate: `${year}年${month}月${day}日`, InvoiceCheckCode: bill.checkCode });
  const parties = `<fp:Buyer>${prefixed({ BuyerName: bill.payer })}</fp:Buyer><fp:Seller>${prefixed({ SellerName: bill.hospital })}</fp:Seller>`;
  const totals = prefixed({ TaxInclusiveTotalAmount: bill.amount, TaxExclusiveTotalAmount: beforeTax(bill) });
  return `<?xml version="1.0" encoding="utf-8"?>\n<eInvoice xmlns:fp="http://example.com/e-invoice" Version="1.0">${head}${parties}${totals}<fp:GoodsInfos>${list}</fp:GoodsInfos></eInvoice>`;
}
