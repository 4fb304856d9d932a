import { z } from 'zod';
import { CLAIM_KIND_CODES } from '#domain/claim/completeness.ts';
import { TEXT_FIELDS } from '#domain/invoice/reading.ts';
import { PROPOSAL_SOURCES } from '#domain/invoice/proposal.ts';
import { employeeNo } from './common.ts';
import { documentId } from './documents.ts';
import { FINDING_CODES } from './reading.ts';

const MAX_DOCUMENTS = 20;

export const proposalRequest = z
  .strictObject({
    employeeNo,
    documents: z
      .array(documentId)
      .min(1)
      .max(MAX_DOCUMENTS)
      .refine((ids) => new Set(ids).size === ids.length, { message: 'a document is named twice' }),
    kind: z.enum(CLAIM_KIND_CODES).exactOptional(),
  })
  .meta({ id: 'ProposalRequest', description: 'Invoices of one claim, in whatever form: data, pages, photographs' });

const proposed = z
  .strictObject({
    value: z.string().nullable(),
    source: z.enum(PROPOSAL_SOURCES).nullable().meta({ description: 'null: nobody knows. `directory`: by a name. `derived`: from other values' }),
    confidence: z.number().min(0).max(1),
    check: z.boolean().meta({ description: 'The employee has to look at it (请核对)' }),
  })
  .meta({ id: 'Proposed' });
const all = <Name extends string>(...names: Name[]) => Object.fromEntries(names.map((name) => [name, proposed])) as Record<Name, typeof proposed>;

export const claimProposal = z
  .strictObject({
    claim: z.strictObject({
      employeeNo,
      ...all('kind', 'treatedRegion'),
      hospital: z.strictObject(all('code', 'name')),
      visit: z.strictObject(all('start', 'end')),
      lines: z.array(z.strictObject(all('itemCode', 'itemName', 'itemClass', 'quantity', 'unitPrice', 'amount'))),
      invoices: z.array(z.strictObject({ ...all('type', 'code', 'number', 'checkCode', 'amount', 'issuedOn'), documentIds: z.array(documentId) })),
    }),
    documents: z.array(z.strictObject({ documentId, state: z.enum(['FINISHED', 'RUNNING']) })).meta({
      description: 'RUNNING: is being read, and not in the proposal yet. Ask again',
    }),
    findings: z.array(
      z.strictObject({
        code: z.enum(FINDING_CODES),
        field: z.enum([...TEXT_FIELDS, 'lines']).exactOptional(),
        detail: z.string(),
        documentIds: z.array(documentId),
      }),
    ),
  })
  .meta({ id: 'ClaimProposal', description: 'A new claim as far as its documents say it, for the employee to check. Nothing of it is stored.' });
