import type { Fen } from '../money.ts';
import type { BureauSubmission } from './gateway.ts';

/** A visit that a bureau tells us about: it becomes a draft that the employee confirms. Regions are administrative codes, days `yyyy-MM-dd`. */
export type VisitFeed = {
  visitNo: string;
  personNo: string;
  insuredRegion: string;
  treatedRegion: string;
  medicalType: string;
  hospital: { code: string; name: string };
  visitStart: string;
  visitEnd: string;
  totalFen: Fen;
  lines: BureauSubmission['lines'];
  invoices: BureauSubmission['invoices'];
};
