import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';
import type { Bill } from './bill.ts';
import { layoutOf } from './layout.ts';

const NAMESPACE = 'xmlns:ofd="http://www.ofdspec.org/2016"';
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** An OFD with the bill's page as text; `attached`: a structured invoice that it carries along. */
export async function billOfd(bill: Bill, { attached, layout = layoutOf }: { attached?: string; layout?: typeof layoutOf } = {}): Promise<Buffer> {
  const { width, height, texts } = layout(bill);
  const objects = texts.map(({ text, x, y, size }, index) => {
    const advances = Array.from(text)
      .slice(0, -1)
      .map((one) => (one.charCodeAt(0) > 0xff ? size : size / 2));
    return `<ofd:TextObject ID="${index + 10}" Boundary="${x} ${y - size} ${text.length * size} ${size * 1.3}" Font="3" Size="${size}"><ofd:TextCode X="0" Y="${size}" DeltaX="${advances.join(' ')}">${escaped(text)}</ofd:TextCode></ofd:TextObject>`;
  });
  const files: Record<string, string> = {
    'OFD.xml': `<ofd:OFD ${NAMESPACE} DocType="OFD" Version="1.1"><ofd:DocBody><ofd:DocInfo><ofd:DocID>1</ofd:DocID></ofd:DocInfo><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>`,
    'Doc_0/Document.xml': `<ofd:Document ${NAMESPACE}><ofd:CommonData><ofd:PageArea><ofd:PhysicalBox>0 0 ${width} ${height}</ofd:PhysicalBox></ofd:PageArea></ofd:CommonData><ofd:Pages><ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages></ofd:Document>`,
    'Doc_0/Pages/Page_0/Content.xml': `<ofd:Page ${NAMESPACE}><ofd:Content><ofd:Layer ID="2">${objects.join('')}</ofd:Layer></ofd:Content></ofd:Page>`,
    ...(attached !== undefined && { 'Doc_0/Attachs/bill.xml': attached }),
  };
  const zip = new ZipFile();
  for (const [path, content] of Object.entries(files))
    zip.addBuffer(Buffer.from(content.startsWith('<?xml') ? content : `<?xml version="1.0" encoding="UTF-8"?>\n${content}`), path);
  zip.end();
  return buffer(zip.outputStream);
}
