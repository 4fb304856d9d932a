import type { Estimate } from '#api/contract/estimates.ts';
import type { ApiClient } from '../client.ts';
import type { SampleClaim } from '../sample-claims.ts';
import type { Say } from './words.ts';

/** What the claimant is told before submitting: every yuan, of the claim and of each line, in both languages. Nothing of it is stored. */
export async function estimateFirst(api: ApiClient, claim: SampleClaim, say: Say): Promise<void> {
  const { kind, circumstances, treatedRegion, hospital, visit, lines, documents } = claim;
  const estimate = await api.post<Estimate>('/v1/estimates', {
    ...{ insuredRegion: '130100', age: 36, kind, circumstances, treatedRegion, hospital: { code: hospital.code } },
    ...{ visit: { start: visit.start, end: visit.end }, documents: documents.map((document) => document.kind) },
    lines: lines.map(({ itemCode, itemName, itemClass, quantity, amount }) => ({ itemCode, itemName, itemClass, quantity, amount })),
  });
  say('\nBefore submitting · 提交前预估');
  say(`  ${estimate.explanation.zh}`);
  say(`  ${estimate.explanation.en}`);
  for (const step of estimate.steps) say(`    ${step.zh}`);
  for (const { lineNo, explanation } of estimate.lines) {
    say(`  ${lines[lineNo - 1]?.itemName ?? lineNo}: ${explanation.zh}`);
    say(`    ${explanation.en}`);
  }
  for (const { source } of estimate.deductions.filter(({ confirmed }) => !confirmed).slice(0, 1)) say(`  未经证实 · no primary source confirms: ${source}`);
}
