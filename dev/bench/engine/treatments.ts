import { fen, type Fen } from '#domain/money.ts';
import type { CostLine } from '#domain/policy/lines.ts';
import type { SoFar, Treatment } from '#domain/policy/settle.ts';

/** What everybody is asked: `count` treatments over cities, people, grades, stays, kinds and amounts, the same ones in every run. */
export function makeTreatments(count: number): Treatment[] {
  const draw = numbers(20_261_118);
  return Array.from({ length: count }, () => treatment(draw));
}

type Draw = { below: (bound: number) => number; of: <T>(values: readonly T[]) => T };

/** Numbers that look like chance and are the same in every run (a linear congruential generator, of which the upper bits are used). */
function numbers(seed: number): Draw {
  let state = seed;
  const below = (bound: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
  return {
    below,
    of<T>(values: readonly T[]): T {
      const value = values[below(values.length)];
      if (value === undefined) throw new RangeError('nothing to draw from');
      return value;
    },
  };
}

function treatment({ below, of }: Draw): Treatment {
  const kind = of(['INPATIENT', 'INPATIENT', 'OUTPATIENT'] as const);
  const lines = Array.from({ length: 1 + below(20) }, (_, index) => line({ below, of }, { lineNo: index + 1, dear: kind === 'INPATIENT' }));
  return {
    ...{ insuredRegion: of(['110105', '130100', '131000']), treatedRegion: of(['110000', '130100', '131000', '310000']), kind, lines },
    ...{ visitStart: `2026-0${1 + below(9)}-1${below(10)}`, personType: of(['11', '12'] as const), age: 20 + below(70) },
    hospital: { grade: of(['community', '1', '2', '3', '3'] as const), tier: of(['municipal', 'provincial'] as const) },
    circumstances: of([[], ['REFERRAL_FILED'], ['EMERGENCY'], ['NO_REFERRAL'], ['LONG_TERM_RESIDENT'], ['EMERGENCY', 'NO_REFERRAL']] as const),
    soFar: below(3) === 0 ? soFar(below) : NOTHING,
  };
}

const none: Fen = fen(0);
const NOTHING: SoFar = { deductibleFen: none, scopeFen: none, pooledFen: none, largeAmountFen: none, planFen: none, stays: 0 };

function soFar(below: Draw['below']): SoFar {
  return {
    ...{ deductibleFen: fen(below(200_000)), scopeFen: fen(below(5_000_000)), pooledFen: fen(below(50_000_000)) },
    ...{ largeAmountFen: fen(below(50_000_000)), planFen: none, stays: below(3) },
  };
}

function line({ below, of }: Draw, { lineNo, dear }: { lineNo: number; dear: boolean }): CostLine {
  const itemClass = of(['01', '01', '02', '02', '03'] as const);
  const amountFen = fen(below(dear ? 2_000_000 : 50_000));
  return {
    ...{ lineNo, itemCode: `ITEM-${below(5_000)}`, itemName: `项目 ${lineNo}`, itemClass, amountFen },
    quantity: of(['1', '2', '10', '2.5', '0.125']),
    ...(below(4) === 0 && { priceLimitFen: fen(below(dear ? 1_000_000 : 20_000)) }),
    ...(itemClass === '02' && { preSelfPayBp: of([0, 500, 1_000, 2_000, 1_250]) }),
    ...(below(20) === 0 && { outsideRestriction: true }),
  };
}
