import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { eraseMedicalContent } from '#prisma/queries/medical-erasure.ts';
import { AT, useDuplicates } from './duplicates-world.ts';

const world = useDuplicates();
const HASH = '9f3a5c7e01b2d4f6';
/** `HASH` with `bits` of its last bits turned */
const turned = (bits: number, hash = HASH): string => (BigInt(`0x${hash}`) ^ ((1n << BigInt(bits)) - 1n)).toString(16).padStart(16, '0');
/** a hash that shares no band with another test's */
const freshHash = (): string => randomUUID().replaceAll('-', '').slice(0, 16);

describe('the same file', () => {
  test("in another person's claim stops it, and the first claim is left alone", async () => {
    const [first, second] = [await world.person(), await world.person()];
    const content = randomUUID();
    const theirs = await world.arrive({ of: first, papers: [{ kind: 'INVOICE', content }] });
    expect(theirs.state).toBe('SENT_TO_BUREAU');
    const ours = await world.arrive({ of: second, papers: [{ kind: 'OTHER', content }] });
    expect(ours.state).toBe('PENDED_DUPLICATE');
    expect(await world.matches(ours.number)).toEqual([`SAME_FILE BLOCK FILE_OF_ANOTHER ${theirs.number}`]);
    expect(await world.matches(theirs.number)).toEqual([]);
  });

  test.each([
    ['IN_REVIEW', 0, 'SAME_FILE HOLD FILE_OPEN'],
    ['PAID', 10_000, 'SAME_FILE BLOCK FILE_PAID'],
  ])("as an own claim's invoice that is %s stops it", async (state, paidFen, line) => {
    const of = await world.person();
    const content = randomUUID();
    const first = await world.arrive({ of, papers: [{ kind: 'INVOICE', content }] });
    await world.becomes(first.number, state, paidFen);
    const second = await world.arrive({ of, papers: [{ kind: 'INVOICE', content }] });
    expect(second.state).toBe('PENDED_DUPLICATE');
    expect(await world.matches(second.number)).toEqual([`${line} ${first.number}`]);
  });

  test('as an own identity card, or as the invoice of a claim that was withdrawn, is nothing', async () => {
    const of = await world.person();
    const [card, content] = [randomUUID(), randomUUID()];
    const papers = [
      { kind: 'IDENTITY_CARD', content: card },
      { kind: 'INVOICE', content },
    ] as const;
    const first = await world.arrive({ of, papers });
    await world.becomes(first.number, 'WITHDRAWN');
    const second = await world.arrive({ of, papers });
    expect(second.state).toBe('SENT_TO_BUREAU');
    expect(await world.matches(second.number)).toEqual([]);
  });

  test('of a claim that never came to intake is not found', async () => {
    const content = randomUUID();
    await world.submit({ of: await world.person(), papers: [{ kind: 'INVOICE', content }] });
    expect((await world.arrive({ of: await world.person(), papers: [{ kind: 'INVOICE', content }] })).state).toBe('SENT_TO_BUREAU');
  });

  test('in claims that come at once stops all but one, and each once', async () => {
    const content = randomUUID();
    const numbers = [];
    for (let n = 0; n < 6; n += 1) numbers.push(await world.submit({ of: await world.person(), papers: [{ kind: 'INVOICE', content }] }));
    const written = await Promise.all(numbers.map((number) => world.intake(number)));
    const states = written.map(({ view }) => view.state).toSorted();
    expect(states).toEqual([...Array.from({ length: 5 }, () => 'PENDED_DUPLICATE'), 'SENT_TO_BUREAU']);
    const pairs = (await Promise.all(numbers.map((number) => world.matches(number)))).map((lines) => lines.length).toSorted();
    // the n-th that came looks like the n before it
    expect(pairs).toEqual([0, 1, 2, 3, 4, 5]);
  });
});

describe('the same visit', () => {
  test('by its number at the bureau stops it', async () => {
    const of = await world.person();
    const first = await world.arrive({ of, visitNo: 'V-1' });
    const second = await world.arrive({ of, visitNo: 'V-1', start: '2026-08-01' });
    expect(second.state).toBe('PENDED_DUPLICATE');
    expect(await world.matches(second.number)).toEqual([`SAME_VISIT HOLD VISIT_NUMBER ${first.number}`]);
  });

  test('a stay of the same person in the same hospital from and to the same days stops it, unless its number is another one', async () => {
    const of = await world.person();
    const stay = { of, kind: 'INPATIENT', hospital: 'H1', start: '2026-10-01', end: '2026-10-09' } as const;
    const first = await world.arrive({ ...stay, visitNo: 'V-2' });
    expect((await world.arrive({ ...stay, visitNo: 'V-3' })).state).toBe('SENT_TO_BUREAU');
    const unnumbered = await world.arrive(stay);
    expect(unnumbered.state).toBe('PENDED_DUPLICATE');
    expect(await world.matches(unnumbered.number)).toContain(`SAME_VISIT HOLD STAY ${first.number}`);
    // somebody else's stay is somebody else's
    expect((await world.arrive({ ...stay, of: await world.person() })).state).toBe('SENT_TO_BUREAU');
  });

  test('about the same is noted: a day later, for 0.9 % more', async () => {
    const of = await world.person();
    const first = await world.arrive({ of, amountFen: 100_000, start: '2026-09-01' });
    const second = await world.arrive({ of, amountFen: 100_900, start: '2026-09-02' });
    expect(second.state).toBe('SENT_TO_BUREAU');
    expect(await world.matches(second.number)).toEqual([`NEAR_SAME NOTE NEAR ${first.number}`]);
  });
});

describe('a picture that was seen before', () => {
  test.each([
    [0, 'PENDED_DUPLICATE'],
    [3, 'PENDED_DUPLICATE'],
    [4, 'SENT_TO_BUREAU'],
  ])('of another person, %i of 64 bits apart: %s', async (bits, state) => {
    const hash = freshHash();
    await world.arrive({ of: await world.person(), papers: [{ kind: 'INVOICE', pictureHashes: [hash] }] });
    expect((await world.arrive({ of: await world.person(), papers: [{ kind: 'INVOICE', pictureHashes: [turned(bits, hash)] }] })).state).toBe(state);
  });

  test('in three bits of three bands is found by the fourth', async () => {
    const hash = '1111222233334444';
    await world.arrive({ of: await world.person(), papers: [{ kind: 'INVOICE', pictureHashes: [hash] }] });
    const far = await world.arrive({ of: await world.person(), papers: [{ kind: 'INVOICE', pictureHashes: ['1110222333324444'] }] });
    expect(far.state).toBe('PENDED_DUPLICATE');
  });

  test('is found as it would be cropped or turned, too', async () => {
    const [hash, own] = [freshHash(), freshHash()];
    await world.arrive({ of: await world.person(), papers: [{ kind: 'INVOICE', pictureHashes: [hash] }] });
    const claim = await world.arrive({ of: await world.person(), papers: [{ kind: 'INVOICE', pictureHashes: [own, hash] }] });
    expect(claim.state).toBe('PENDED_DUPLICATE');
  });

  test('with many people is a form: noted', async () => {
    const hash = freshHash();
    const states: string[] = [];
    for (let n = 0; n < 5; n += 1) {
      const { number, state } = await world.arrive({ of: await world.person(), papers: [{ kind: 'INVOICE', pictureHashes: [hash] }] });
      states.push(state);
      if (state === 'PENDED_DUPLICATE') await world.decide(number, 'NOT_DUPLICATE');
    }
    expect(states).toEqual(['SENT_TO_BUREAU', 'PENDED_DUPLICATE', 'PENDED_DUPLICATE', 'PENDED_DUPLICATE', 'SENT_TO_BUREAU']);
  });
});

test('one bank account under several people is noted, with the newest claim of each', async () => {
  const accountNo = '6222020000000009999';
  const [first, second] = [await world.person({ accountNo }), await world.person({ accountNo })];
  await world.arrive({ of: first });
  const newest = await world.arrive({ of: first });
  const claim = await world.arrive({ of: second });
  expect(claim.state).toBe('SENT_TO_BUREAU');
  expect(await world.matches(claim.number)).toEqual([`SAME_ACCOUNT NOTE ACCOUNT ${newest.number}`]);
});

test('a resubmission is no duplicate of what it takes up, nor of what that one took up', async () => {
  const of = await world.person();
  const same = {
    of,
    kind: 'INPATIENT',
    visitNo: 'V-9',
    hospital: 'H9',
    papers: [{ kind: 'INVOICE', content: randomUUID(), pictureHashes: [freshHash()] }],
  } as const;
  const first = await world.arrive(same);
  const second = await world.arrive({ ...same, prior: first.number });
  const third = await world.arrive({ ...same, prior: second.number });
  expect([second.state, third.state]).toEqual(['SENT_TO_BUREAU', 'SENT_TO_BUREAU']);
  expect([await world.matches(second.number), await world.matches(third.number)]).toEqual([[], []]);
});

describe('not a duplicate', () => {
  test('is remembered with who said it and why; the pair does not come back, another one does', async () => {
    const content = randomUUID();
    const papers = [{ kind: 'INVOICE', content }] as const;
    const first = await world.arrive({ of: await world.person(), papers });
    const claim = await world.arrive({ of: await world.person(), papers });
    expect((await world.decide(claim.number, 'NOT_DUPLICATE', '同名文件，内容已核')).view.state).toBe('SUBMITTED');
    const { rows } = await world.database.query('SELECT cleared_by AS by, cleared_comment AS why, cleared_at AS at FROM claim_match WHERE claim_number = $1', [
      claim.number,
    ]);
    expect(rows).toEqual([{ by: { type: 'person', id: world.people.hr }, why: '同名文件，内容已核', at: AT }]);
    expect((await world.intake(claim.number)).view.state).toBe('SENT_TO_BUREAU');

    // the first one, through intake again, does not find it either
    await world.becomes(first.number, 'SUBMITTED');
    expect((await world.intake(first.number)).view.state).toBe('SENT_TO_BUREAU');
    expect(await world.matches(first.number)).toEqual([]);

    const third = await world.arrive({ of: await world.person(), papers });
    await world.becomes(claim.number, 'SUBMITTED');
    expect([third.state, (await world.intake(claim.number)).view.state]).toEqual(['PENDED_DUPLICATE', 'SENT_TO_BUREAU']);
  });

  test('is said once: nobody writes over it', async () => {
    const content = randomUUID();
    await world.arrive({ of: await world.person(), papers: [{ kind: 'INVOICE', content }] });
    const { number } = await world.arrive({ of: await world.person(), papers: [{ kind: 'INVOICE', content }] });
    await world.decide(number, 'NOT_DUPLICATE');
    await expect(world.worker.query('UPDATE claim_match SET cleared_at = NULL, cleared_by = NULL WHERE claim_number = $1', [number])).rejects.toThrow(
      'a match is cleared once',
    );
    await expect(world.worker.query(`UPDATE claim_match SET grade = 'NOTE' WHERE claim_number = $1`, [number])).rejects.toThrow('permission denied');
    await expect(world.worker.query('DELETE FROM claim_match WHERE claim_number = $1', [number])).rejects.toThrow('permission denied');
  });
});

test('when what is medical is erased, so is what it could be known again by', async () => {
  const of = await world.person();
  const papers = [
    { kind: 'INVOICE', content: randomUUID(), pictureHashes: [freshHash()] },
    { kind: 'PRESCRIPTION_OR_RECORD', content: randomUUID(), pictureHashes: [freshHash()] },
  ] as const;
  const { number } = await world.arrive({ of, visitNo: 'V-77', papers });
  await world.database.query(
    `UPDATE document SET key_employee_id = $2, key_purpose = CASE cd.kind WHEN 'INVOICE' THEN 'accounting' WHEN 'FEE_LIST' THEN 'accounting' ELSE 'medical' END
    FROM claim_document cd WHERE cd.document_id = document.id AND cd.claim_number = $1`,
    [number, of],
  );
  await world.worker.write((tx) => eraseMedicalContent(tx, { claims: [{ number, coarse: 'OUTPATIENT' }], at: AT }));
  const { rows } = await world.database.query<{ kind: string; detail: string }>(
    `SELECT DISTINCT kind, detail FROM claim_mark WHERE claim_number = $1 ORDER BY kind, detail`,
    [number],
  );
  expect(rows).toEqual([
    { kind: 'FILE', detail: 'FEE_LIST' },
    { kind: 'FILE', detail: 'INVOICE' },
    { kind: 'PERSON', detail: '' },
    { kind: 'PICTURE', detail: papers[0].pictureHashes[0] },
  ]);
});
