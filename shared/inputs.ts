import { z } from 'zod';
import { MAX_ARG_BYTES } from './limits.ts';

/** What an action may ask before it runs, and how each answer reaches the script. The rules of the answers: input-values.ts. */

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

const common = {
  name: z.string().regex(NAME, 'small letters, digits and underscores, beginning with a letter'),
  label: z.string().min(1).max(80),
  help: z.string().max(300).default(''),
  required: z.boolean().default(false),
  pass: passing.default({ by: 'argument' }),
};

export const actionInput = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('text'),
    ...common,
    default: z.string().max(4096).optional(),
    multiline: z.boolean().default(false),
    /** A regular expression that the whole value must match: it is anchored at both ends by us. */
    pattern: z.string().max(500).optional(),
    /** What a person reads when the pattern does not match. */
    pattern_message: z.string().max(200).optional(),
    max_length: z.int().min(1).max(MAX_ARG_BYTES).default(4096),
    /** A positional value may begin with `-` only if the script's author says that it is safe. */
    allow_dash: z.boolean().default(false),
  }),
  z.object({
    type: z.literal('number'),
    ...common,
    default: z.number().optional(),
    min: z.number().optional(),
    max: z.number().optional(),
    integer: z.boolean().default(false),
  }),
  z.object({
    type: z.literal('choice'),
    ...common,
    options: z
      .array(z.object({ value: z.string().max(1024), label: z.string().max(80).optional() }))
      .min(1)
      .max(200),
    default: z.string().optional(),
  }),
  z.object({
    type: z.literal('boolean'),
    ...common,
    default: z.boolean().default(false),
    /** As an argument: this is what is passed when true (nothing when false). Without it: `true` or `false`. */
    when_true: z.string().max(200).optional(),
  }),
  z.object({
    type: z.literal('date'),
    ...common,
    default: z.iso.date().optional(),
    min: z.iso.date().optional(),
    max: z.iso.date().optional(),
  }),
  z.object({ type: z.literal('secret'), ...common, max_length: z.int().min(1).max(MAX_ARG_BYTES).default(4096) }),
]);
export type ActionInput = z.infer<typeof actionInput>;

/** `type`: the person types the action's label; `hold`: presses for a second. Both have a keyboard way. */
export const confirmation = z.enum(['none', 'confirm', 'hold', 'type']);
