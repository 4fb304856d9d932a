import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';

const RELATIONS = `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
  <Relationship Id="rId9" Type="styles" Target="styles.xml"/><Relationship Id="rId3" Type="worksheet" Target="worksheets/sheet7.xml"/></Relationships>`;
const WORKBOOK = `<?xml version="1.0"?><workbook xmlns:r="r"><workbookPr/><sheets><sheet name="目录" sheetId="4" r:id="rId3"/><sheet name="b" sheetId="1" r:id="rId1"/></sheets></workbook>`;
/** Styles 0 to 3: as it is, a percentage, a day, a percentage and a day by formats of the workbook's own. */
const STYLES = `<styleSheet><numFmts><numFmt numFmtId="170" formatCode="0.0%"/><numFmt numFmtId="171" formatCode="yyyy&quot;年&quot;m&quot;月&quot;"/></numFmts>
  <cellStyleXfs><xf numFmtId="9"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="9"/><xf numFmtId="14"/><xf numFmtId="170"/><xf numFmtId="171"/></cellXfs></styleSheet>`;

/** A workbook with this sheet, as spreadsheet programs write it; `parts` adds to it, or replaces what it has. */
export async function workbook(sheet: string, parts: Record<string, string> = {}): Promise<Buffer> {
  const zip = new ZipFile();
  const all = {
    ...{ 'xl/workbook.xml': WORKBOOK, 'xl/_rels/workbook.xml.rels': RELATIONS, 'xl/styles.xml': STYLES, 'xl/worksheets/sheet7.xml': sheet },
    ...parts,
  };
  for (const [path, content] of Object.entries(all)) zip.addBuffer(Buffer.from(content), path);
  zip.end();
  const [read] = await Promise.all([buffer(zip.outputStream), once(zip.outputStream, 'end')]);
  return read;
}

/** Rows of texts as inline strings, from row 1 on. */
export const sheetOf = (rows: readonly (readonly string[])[]): string =>
  `<worksheet><sheetData>${rows.map((cells) => `<row>${cells.map((cell) => `<c t="inlineStr"><is><t>${cell}</t></is></c>`).join('')}</row>`).join('')}</sheetData></worksheet>`;
