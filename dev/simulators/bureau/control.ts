import { z } from 'zod';
import { ControlError, type ControlCall, type ControlRoute } from '../shared/http.ts';
import { type Books, type Bureau, type BureauEntry, type CaseFile, invoiceKey, isWaiting } from './books.ts';
import { Invoice } from './messages.ts';
import { type Office, strayDecision } from './office.ts';
import { Plan, Ruling } from './ruling.ts';

const Settings = z.strictObject({ callbackUrl: z.url().optional(), plan: Plan.partial().optional() });
const Instruction = z.strictObject({ rulings: z.array(Ruling) });
const Person = z.strictObject({
  certno: z.string().min(1),
  known: z.boolean().default(true),
  psn_no: z.string().optional(),
  psn_name: z.string().optional(),
  psn_type: z.string().optional(),
  psn_insu_stas: z.string().optional(),
  emp_name: z.string().optional(),
});
const CertificateState = Invoice.extend({
  known: z.boolean().default(true),
  rhredFlag: z.enum(['0', '1']).default('0'),
  reimFlag: z.enum(['0', '1', '2']).default('0'),
});
const Call = z.strictObject({ infno: z.enum(['DZ11', 'DZ13']), input: z.record(z.string(), z.unknown()), key: z.string() });

/** The bureaus' part of the control API, under `/_control/bureaus/<admdvs>`. */
export function bureauRoutes(options: { books: Books; office: Office; record: (entry: BureauEntry) => void }): ControlRoute[] {
  const { books, office, record } = options;
  const bureauOf = ({ params }: ControlCall): Bureau => {
    const bureau = books.bureaus.get(params['bureau'] ?? '');
    if (!bureau) throw new ControlError(404, 'no such bureau');
    return bureau;
  };
  const fileOf = (bureau: Bureau, { params }: ControlCall): CaseFile => {
    const file = bureau.cases.get(params['claim'] ?? '');
    if (!file) throw new ControlError(404, 'no such claim');
    return file;
  };
  const base = '/_control/bureaus/:bureau';

  return [
    {
      method: 'GET',
      path: base,
      run: (call) => {
        const { code, settings, cases } = bureauOf(call);
        return { code, settings, claims: [...cases.values()].map((file) => ({ ...file, waiting: isWaiting(file) })) };
      },
    },
    {
      method: 'PUT',
      path: base,
      run(call) {
        const bureau = bureauOf(call);
        const { callbackUrl, plan } = Settings.parse(call.body);
        // `Plan.partial` still fills in defaults, so only what was said is taken over.
        const said = z.object({ plan: z.record(z.string(), z.unknown()).default({}) }).parse(call.body).plan;
        const settings = {
          callbackUrl: callbackUrl ?? bureau.settings.callbackUrl,
          plan: plan ? Plan.parse({ ...bureau.settings.plan, ...said }) : bureau.settings.plan,
        };
        record({ kind: 'configured', bureau: bureau.code, settings });
        return settings;
      },
    },
    {
      method: 'PUT',
      path: `${base}/claims/:claim`,
      run(call) {
        const bureau = bureauOf(call);
        const corrId = call.params['claim'] ?? '';
        record({ kind: 'instructed', bureau: bureau.code, corrId, instruction: Instruction.parse(call.body) });
        const file = bureau.cases.get(corrId);
        if (file && isWaiting(file)) office.schedule(bureau, file);
        return {};
      },
    },
    {
      method: 'POST',
      path: `${base}/claims/:claim/decide`,
      run(call) {
        const bureau = bureauOf(call);
        return office.decide(bureau, fileOf(bureau, call), Ruling.parse(call.body));
      },
    },
    {
      method: 'POST',
      path: `${base}/strays`,
      run(call) {
        const bureau = bureauOf(call);
        const { corr_id } = z.strictObject({ corr_id: z.string().min(1) }).parse(call.body);
        return office.call(bureau, 'DZ11', { decision: strayDecision(corr_id, bureau, books) }, corr_id);
      },
    },
    {
      method: 'POST',
      path: `${base}/visits`,
      run(call) {
        const bureau = bureauOf(call);
        const visit = z.looseObject({ visit_no: z.string().min(1) }).parse(call.body);
        return office.call(bureau, 'DZ13', { visit }, visit.visit_no);
      },
    },
    {
      method: 'POST',
      path: `${base}/calls`,
      run(call) {
        const { infno, input, key } = Call.parse(call.body);
        return office.call(bureauOf(call), infno, input, key);
      },
    },
    {
      method: 'POST',
      path: `${base}/sign-out`,
      run(call) {
        record({ kind: 'signed-out', bureau: bureauOf(call).code });
        return {};
      },
    },
    {
      method: 'PUT',
      path: `${base}/people`,
      run(call) {
        record({ kind: 'person', bureau: bureauOf(call).code, person: Person.parse(call.body) });
        return {};
      },
    },
    {
      method: 'PUT',
      path: `${base}/certificates`,
      run(call) {
        const { known, rhredFlag, reimFlag, ...invoice } = CertificateState.parse(call.body);
        const certificate = { known, rhredFlag, reimFlag };
        record({ kind: 'certificate', bureau: bureauOf(call).code, invoice: invoiceKey(invoice), certificate });
        return {};
      },
    },
  ];
}
