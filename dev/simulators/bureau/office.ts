import { at, businessNow, shanghaiDate, shanghaiDigits, shanghaiTime } from '../shared/clock.ts';
import type { Callback } from '../shared/outbox.ts';
import { type Books, type Bureau, type BureauEntry, type CaseFile, isWaiting } from './books.ts';
import type { Decision } from './messages.ts';
import { judge, type Ruling } from './ruling.ts';

export type Office = {
  /** Arms the timer for what a claim's submission still has to be told. */
  schedule(bureau: Bureau, file: CaseFile): void;
  /** Decides now; the callback goes out with the ledger's entry. */
  decide(bureau: Bureau, file: CaseFile, ruling: Ruling): Decision;
  /** Sends any callback at all, for a claim of ours or for one that nobody knows. */
  call(bureau: Bureau, infno: string, input: object, key: string): Callback;
};

/** Where claims are decided: by plan when their time has come, or at once by order. */
export function createOffice(options: { books: Books; record: (entry: BureauEntry) => void }): Office {
  const { books, record } = options;

  const callback = (bureau: Bureau, infno: string, input: object, key: string): Callback => {
    const now = businessNow(books.clock);
    const institution = `HSA${bureau.code}000`;
    const msgid = `${institution}${shanghaiDigits(now).slice(0, 14)}${String(books.callbacks % 10_000).padStart(4, '0')}`;
    const envelope = {
      infno,
      msgid,
      mdtrtarea_admvs: bureau.code,
      insuplc_admdvs: bureau.code,
      recer_sys_code: 'DAOZHANG',
      signtype: 'SM3',
      infver: 'V1.0',
      opter_type: '1',
      opter: 'simulator',
      opter_name: '模拟医保局',
      inf_time: shanghaiTime(now),
      fixmedins_code: institution,
      fixmedins_name: `模拟医保局${bureau.code}`,
      sign_no: '',
      input,
    };
    const contentType = 'application/json; charset=utf-8';
    return { id: msgid, name: infno, key, body: JSON.stringify(envelope), contentType, bureau: bureau.code };
  };

  const decideAs = (bureau: Bureau, file: CaseFile, ruling: Ruling, planned: boolean) => {
    const now = businessNow(books.clock);
    const { claim, msgid } = file.submission;
    const decision: Decision = {
      dcsn_no: `D${bureau.code}-${shanghaiDate(now).replaceAll('-', '')}-${String(bureau.decisions + 1).padStart(8, '0')}`,
      corr_id: file.corrId,
      osubmit_msgid: msgid,
      dcsn_time: shanghaiTime(now),
      ...judge({ claim, ruling, plan: bureau.settings.plan }),
    };
    const told = bureau.settings.plan.callbacks ? callback(bureau, 'DZ11', { decision }, file.corrId) : undefined;
    record({ kind: 'decided', bureau: bureau.code, decision, planned, ...(told && { callback: told }) });
    return decision;
  };

  const schedule = (bureau: Bureau, file: CaseFile) => {
    const { submission } = file;
    const next = submission.rulings[submission.done];
    if (!next || file.withdrawn) return;
    const dueMs = submission.fromMs + (next.delayMs ?? bureau.settings.plan.delayMs);
    at(dueMs, () => {
      // The claim may have moved on while the timer ran: only the ruling it was set for is told.
      const current = bureau.cases.get(file.corrId);
      if (current !== file || file.withdrawn || file.submission.rulings[file.submission.done] !== next) return;
      decideAs(bureau, file, next, true);
      schedule(bureau, file);
    });
  };

  return {
    schedule,
    decide: (bureau, file, ruling) => decideAs(bureau, file, ruling, false),
    call(bureau, infno, input, key) {
      const called = callback(bureau, infno, input, key);
      record({ kind: 'called', bureau: bureau.code, callback: called });
      return called;
    },
  };
}

/** After a start: everything that was waiting for its time when the process ended. */
export function resume(books: Books, office: Office) {
  for (const bureau of books.bureaus.values())
    for (const file of bureau.cases.values()) if (isWaiting(file) || file.submission.done > 0) office.schedule(bureau, file);
}

/** A decision that looks real on a claim that was never submitted. */
export function strayDecision(corrId: string, bureau: Bureau, books: Books): Decision {
  const now = businessNow(books.clock);
  const lines = [{ feedetl_sn: '1', det_item_fee_sumamt: '100.00', inscp_scp_amt: '100.00', act_pay_dedc: '0.00', pay_amt: '80.00' }];
  return {
    dcsn_no: `D${bureau.code}-STRAY-${now}`,
    corr_id: corrId,
    osubmit_msgid: `HSA${bureau.code}000000000000000000000`,
    rslt_type: '1',
    dcsn_time: shanghaiTime(now),
    remark: '',
    resn: [],
    missing: [],
    lines: lines.map((line) => ({ ...line, adjustments: [{ resn_code: '2', amt: '20.00' }] })),
    setldetail: [{ fund_pay_type: '310100', fund_payamt: '80.00' }],
  };
}
