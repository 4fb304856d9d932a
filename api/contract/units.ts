import { z } from 'zod';
import { FUNDING_SOURCES } from '#domain/bureau/decision.ts';
import { formatYuan, parseYuan, type Fen } from '#domain/money.ts';
import { CONFIGURABLE, ERASED, type ConfigurableRule } from '#domain/retention/periods.ts';
import { CLAWBACKS, type PartialUnitSettings } from '#domain/org/settings.ts';
import { actor, code, day, line, pageQuery, region, time, unitCode, yuan } from './common.ts';

const duration = z
  .union([z.strictObject({ workingDays: z.int().min(0).max(2_500) }), z.strictObject({ seconds: z.int().min(0).max(315_360_000) })])
  .meta({ id: 'Duration', description: 'Working days of the Chinese calendar, or seconds' });
const wait = <Name extends string>(...names: Name[]) =>
  z.strictObject(Object.fromEntries(names.map((name) => [name, duration.optional()])) as Record<Name, z.ZodOptional<typeof duration>>).optional();

const serviceLevels = z.strictObject({
  employeeMaterials: wait('remindAfter', 'deadlineAfter'),
  bureauAcknowledgement: wait('outageAfter'),
  bureauReview: wait('remindAfter', 'escalateAfter', 'escalateAgainAfter'),
  paymentFailed: wait('remindAfter'),
  taskDue: wait('dueAfter', 'escalateAfter', 'escalateAgainAfter'),
  appealWindow: wait('closesAfter'),
});

/** Days, within what the law leaves. */
const retention = z
  .strictObject(
    Object.fromEntries(CONFIGURABLE.map((rule) => [rule, z.int().min(ERASED[rule].least).max(ERASED[rule].most).optional()])) as Record<
      ConfigurableRule,
      z.ZodOptional<z.ZodInt>
    >,
  )
  .meta({ id: 'Retention', description: 'Days after which something is erased; docs/operations.md has the bounds and where they come from' });

/** PartialUnitSettings of domain/org/settings.ts, amounts in yuan. What is left out is inherited from the parent. */
export const unitSettings = z
  .strictObject({
    serviceLevels: serviceLevels.optional(),
    paysFundingSources: z
      .array(z.enum(FUNDING_SOURCES))
      .refine((sources) => new Set(sources).size === sources.length, 'each source once')
      .meta({ uniqueItems: true })
      .optional(),
    payoutLimits: z.strictObject({ perInstruction: yuan.optional(), perDay: yuan.optional() }).optional(),
    maxResubmissions: z.int().min(0).max(100).optional(),
    clawback: z.enum(CLAWBACKS).optional(),
    plan: code(40)
      .nullable()
      .optional()
      .meta({ description: "The employer's plan on top of the scheme; null: none, whatever the units above have", example: 'group-plan' }),
    retention: retention.optional(),
  })
  .meta({ id: 'UnitSettings' });
type UnitSettingsJson = z.output<typeof unitSettings>;

export const unitParams = z.strictObject({ code: unitCode });
export const unitQuery = z.strictObject({ ...pageQuery, parentCode: unitCode.optional() });

export const unitAsOfQuery = z.strictObject({ on: day.optional() });

const name = line(100);
export const newUnit = z
  .strictObject({ code: unitCode, name, nameEn: name, parentCode: unitCode, region, settings: unitSettings.default({}) })
  .meta({ id: 'NewUnit' });
export const unitPatch = z
  .strictObject({ name, nameEn: name, parentCode: unitCode, region, settings: unitSettings, active: z.boolean() })
  .partial()
  .meta({ id: 'UnitPatch', description: '`settings` replaces all of the own settings; `parentCode` moves the unit with everything below it' });

export const unit = z
  .strictObject({
    code: unitCode,
    name: z.string(),
    nameEn: z.string(),
    parentCode: unitCode.nullable(),
    region,
    settings: unitSettings,
    active: z.boolean(),
    version: z.int(),
    createdAt: time,
  })
  .meta({ id: 'Unit', description: '`settings` are its own; what it leaves out it inherits' });

export const unitHistory = z
  .strictObject({
    items: z.array(
      z.strictObject({
        name: z.string(),
        nameEn: z.string(),
        parentCode: unitCode.nullable(),
        validFrom: time,
        validTo: time.nullable(),
        changedBy: actor.nullable(),
      }),
    ),
  })
  .meta({
    id: 'UnitHistory',
    description: '`validTo` is excluded; `changedBy` ended it by making it another. A parent that the caller does not see has no code',
  });

/** Into what a unit's row stores: amounts in fen, absent where absent. */
export function settingsFromJson(json: UnitSettingsJson): PartialUnitSettings {
  const { payoutLimits, ...rest } = json;
  // stored as JSON, which has no undefined: what was left out stays out
  return JSON.parse(
    JSON.stringify({
      ...rest,
      payoutLimits: payoutLimits && { perInstructionFen: fenOf(payoutLimits.perInstruction), perDayFen: fenOf(payoutLimits.perDay) },
    }),
  ) as PartialUnitSettings;
}

export function settingsToJson(settings: PartialUnitSettings): UnitSettingsJson {
  const { payoutLimits, ...rest } = settings;
  return JSON.parse(
    JSON.stringify({
      ...rest,
      payoutLimits: payoutLimits && { perInstruction: yuanOf(payoutLimits.perInstructionFen), perDay: yuanOf(payoutLimits.perDayFen) },
    }),
  ) as UnitSettingsJson;
}

const fenOf = (text: string | undefined): Fen | undefined => (text === undefined ? undefined : parseYuan(text));
const yuanOf = (amount: Fen | undefined): string | undefined => (amount === undefined ? undefined : formatYuan(amount));
