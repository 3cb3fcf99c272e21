import * as z from 'zod';
import { isDecimal, MAX_DECIMAL_CHARS } from './decimal.ts';
import { isEmail } from './email.ts';
import { DEFAULT_UPLOAD_BYTES, MAX_ARG_BYTES, MAX_OPTION_CHARS, MAX_OPTIONS, MAX_UPLOAD_BYTES } from './limits.ts';
import { EXAMPLES, isMoment, MOMENTS, type MomentType } from './moments.ts';
import { secretName } from './secrets.ts';

/** The questions that an action may ask before it runs, and how each answer reaches the script. The rules of the answers: input-values.ts. */

const NAME = /^[a-z][a-z0-9_]{0,39}$/;

/** How a value travels: as one element of argv, as a variable, or as the whole standard input. Never through a shell. */
const passing = z.discriminatedUnion('by', [
  /** `flag` set: `--flag=value` in one element, so that no value can become an option of its own. */
  z.object({
    by: z.literal('argument'),
    flag: z
      .string()
      .regex(/^--?[A-Za-z0-9][\w-]{0,60}$/)
      .optional(),
  }),
  z.object({ by: z.literal('environment'), variable: z.string().regex(/^[A-Z_][A-Z0-9_]{0,63}$/) }),
  z.object({ by: z.literal('stdin') }),
]);

const name = z.string().regex(NAME, 'small letters, digits and underscores, beginning with a letter');

/** Asked only while an input before it, `input`, has one of these answers. Where it is not asked, it has no value at all. */
const showIf = z.object({
  input: name,
  is: z
    .array(z.union([z.string().max(1024), z.boolean()]))
    .min(1)
    .max(50),
});

const common = {
  name,
  label: z.string().min(1).max(80),
  help: z.string().max(300).default(''),
  required: z.boolean().default(false),
  pass: passing.default({ by: 'argument' }),
  show_if: showIf.optional(),
  /** The form begins with what the same person answered the last time. Never of a secret. */
  remember: z.boolean().optional(),
};

/** A positional value may begin with `-` only if whoever made the action says that the script takes it for no option. */
const allow_dash = z.boolean();

/** As a string it keeps every digit, also those that a JSON number loses. */
const decimal = z.union([z.number(), z.string().max(MAX_DECIMAL_CHARS).refine(isDecimal, 'a decimal number is expected')]);

/** A default and bounds, each a moment of that kind. */
function moments(kind: MomentType) {
  const moment = z
    .string()
    .refine((text) => isMoment(kind, text), `${MOMENTS[kind]}, such as ${EXAMPLES[kind]}`)
    .optional();
  return { default: moment, min: moment, max: moment };
}

/** A client sees neither script nor arguments. */
const optionsFrom = z.object({
  script: z.string().max(1024),
  args: z.array(z.string().max(4096)).max(64).default([]),
  /** Inputs before it, whose answers the script has as variables: `INPUT_<NAME>`. */
  uses: z.array(name).max(8).default([]),
  /** Seconds for which the same person is given the same options without another run; 0 = always a run. */
  cache_s: z.int().min(0).max(3600).default(30),
});

export const actionInput = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('text'),
    ...common,
    default: z.string().max(4096).optional(),
    multiline: z.boolean().default(false),
    /** A regular expression that the whole value must match: it is anchored at both ends by us. */
    pattern: z.string().max(500).optional(),
    /** The message when the pattern does not match. */
    pattern_message: z.string().max(200).optional(),
    max_length: z.int().min(1).max(MAX_ARG_BYTES).default(4096),
    allow_dash: allow_dash.default(false),
  }),
  z.object({
    type: z.literal('number'),
    ...common,
    default: decimal.optional(),
    min: decimal.optional(),
    max: decimal.optional(),
    /** Written with digits alone: neither 1.0 nor 1e3. */
    integer: z.boolean().default(false),
    /** The distance between the numbers that are taken, counted from `min`, or from 0 without one. */
    step: decimal.optional(),
    /** Asked by a slider from `min` to `max`. */
    slider: z.boolean().optional(),
    allow_dash: allow_dash.optional(),
  }),
  z.object({
    type: z.literal('choice'),
    ...common,
    options: z
      .array(z.object({ value: z.string().max(MAX_OPTION_CHARS), label: z.string().max(80).optional() }))
      .max(MAX_OPTIONS)
      .default([]),
    /** Instead of `options`: a script says them when somebody is asked, and again when the press is checked. */
    options_from: optionsFrom.optional(),
    /** Any number of the options. The answer is a list, in which each option stands once. */
    multiple: z.boolean().optional(),
    /** One option; with `multiple` a list of them. */
    default: z.union([z.string(), z.array(z.string()).max(MAX_OPTIONS)]).optional(),
    allow_dash: allow_dash.optional(),
  }),
  z.object({
    type: z.literal('boolean'),
    ...common,
    default: z.boolean().default(false),
    /** As an argument: this is what is passed when true (nothing when false). Without it: `true` or `false`. */
    when_true: z.string().max(200).optional(),
  }),
  z.object({ type: z.literal('date'), ...common, ...moments('date') }),
  z.object({ type: z.literal('time'), ...common, ...moments('time') }),
  z.object({ type: z.literal('datetime'), ...common, ...moments('datetime') }),
  z.object({ type: z.literal('email'), ...common, default: z.string().refine(isEmail, 'an address such as name@example.org').optional() }),
  z.object({
    type: z.literal('file'),
    ...common,
    max_bytes: z.int().min(1).max(MAX_UPLOAD_BYTES).default(DEFAULT_UPLOAD_BYTES),
    /** The endings that its name may have, such as `.csv`; empty: any. It is a help against mistakes, and says nothing of the contents. */
    accept: z
      .array(z.string().regex(/^\.[a-z0-9]{1,16}(?:\.[a-z0-9]{1,16})?$/, 'an ending such as .csv'))
      .max(20)
      .default([]),
  }),
  z.object({
    type: z.literal('secret'),
    ...common,
    max_length: z.int().min(1).max(MAX_ARG_BYTES).default(4096),
    /** The name of a secret that the host keeps: nobody is asked, and the script gets that. */
    stored: secretName.optional(),
  }),
]);
export type ActionInput = z.infer<typeof actionInput>;

/** A checked answer: several options are a list. */
export const inputValue = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]);

/** `type`: the person types the action's label; `hold`: presses for a second. Both have a keyboard way. */
export const confirmation = z.enum(['none', 'confirm', 'hold', 'type']);
