import * as z from 'zod';
import type { Cursor } from './browser-protocol.ts';
import type { ErrorCode } from './errors.ts';
/**
 * Terminals: shells that outlive every viewer, the edge and the agent. Their shapes, what may be asked about them, and their frames
 * of the browser's WebSocket, each of which names its `terminal_id`.
 */
export declare const terminalId: z.ZodPipe<z.ZodUUID, z.ZodTransform<string, string>>;
/** The log of a terminal is kept in segments of so many bytes, … */
export declare const SEGMENT_BYTES: number;
/** … and at least so many of its last bytes are there. A viewer is told of what went before by a `gap`. */
export declare const KEPT_BYTES: number;
/** Input that a program has not read yet. Past it, input is refused with an error, and none of that frame is typed. */
export declare const MAX_WAITING_INPUT: number;
export declare const MAX_COLS = 1000;
export declare const MAX_ROWS = 1000;
/** Of one host, at the same time. */
export declare const MAX_TERMINALS = 64;
export declare const terminalKind: z.ZodEnum<{
    action: "action";
    agent: "agent";
    shell: "shell";
}>;
/** `suspended`: put away by its viewers, and frozen where `frozen` says so. */
export declare const terminalState: z.ZodEnum<{
    ended: "ended";
    running: "running";
    suspended: "suspended";
}>;
export declare const attention: z.ZodEnum<{
    bell: "bell";
    done: "done";
    idle: "idle";
    none: "none";
    permission: "permission";
    stalled: "stalled";
}>;
/** What a user may do with a terminal that is shared with them. */
export declare const shareRight: z.ZodEnum<{
    look: "look";
    type: "type";
}>;
export type ShareRight = z.infer<typeof shareRight>;
export declare const terminal: z.ZodObject<{
    id: z.ZodPipe<z.ZodUUID, z.ZodTransform<string, string>>;
    name: z.ZodString;
    kind: z.ZodEnum<{
        action: "action";
        agent: "agent";
        shell: "shell";
    }>;
    folder: z.ZodNullable<z.ZodPipe<z.ZodUUID, z.ZodTransform<string, string>>>;
    cwd: z.ZodString;
    command: z.ZodNullable<z.ZodArray<z.ZodString>>;
    shell: z.ZodString;
    env_names: z.ZodArray<z.ZodString>;
    state: z.ZodEnum<{
        ended: "ended";
        running: "running";
        suspended: "suspended";
    }>;
    frozen: z.ZodBoolean;
    exit_code: z.ZodNullable<z.ZodInt>;
    signal: z.ZodNullable<z.ZodString>;
    reason: z.ZodNullable<z.ZodString>;
    cols: z.ZodInt;
    rows: z.ZodInt;
    keep: z.ZodBoolean;
    created_at: z.ZodISODateTime;
    ended_at: z.ZodNullable<z.ZodISODateTime>;
    last_output_at: z.ZodNullable<z.ZodISODateTime>;
    last_input_at: z.ZodNullable<z.ZodISODateTime>;
    viewers: z.ZodInt;
    attention: z.ZodEnum<{
        bell: "bell";
        done: "done";
        idle: "idle";
        none: "none";
        permission: "permission";
        stalled: "stalled";
    }>;
    right: z.ZodEnum<{
        admin: "admin";
        look: "look";
        type: "type";
    }>;
}, z.core.$strip>;
export type Terminal = z.infer<typeof terminal>;
export type TerminalState = Terminal['state'];
export declare const terminalShare: z.ZodObject<{
    user_id: z.ZodPipe<z.ZodUUID, z.ZodTransform<string, string>>;
    username: z.ZodString;
    right: z.ZodEnum<{
        look: "look";
        type: "type";
    }>;
}, z.core.$strip>;
export type TerminalShare = z.infer<typeof terminalShare>;
export declare const terminalParams: z.ZodObject<{
    id: z.ZodPipe<z.ZodUUID, z.ZodTransform<string, string>>;
}, z.core.$strip>;
export declare const terminalShareParams: z.ZodObject<{
    id: z.ZodPipe<z.ZodUUID, z.ZodTransform<string, string>>;
    user: z.ZodPipe<z.ZodUUID, z.ZodTransform<string, string>>;
}, z.core.$strip>;
export declare const terminalCreate: z.ZodObject<{
    name: z.ZodOptional<z.ZodString>;
    kind: z.ZodDefault<z.ZodEnum<{
        agent: "agent";
        shell: "shell";
    }>>;
    folder: z.ZodOptional<z.ZodNullable<z.ZodPipe<z.ZodUUID, z.ZodTransform<string, string>>>>;
    cwd: z.ZodOptional<z.ZodString>;
    command: z.ZodOptional<z.ZodArray<z.ZodString>>;
    shell: z.ZodOptional<z.ZodString>;
    env: z.ZodOptional<z.ZodRecord<z.ZodString, z.ZodString>>;
    cols: z.ZodDefault<z.ZodInt>;
    rows: z.ZodDefault<z.ZodInt>;
    keep: z.ZodDefault<z.ZodBoolean>;
    request_id: z.ZodOptional<z.ZodPipe<z.ZodUUID, z.ZodTransform<string, string>>>;
    not_after: z.ZodOptional<z.ZodISODateTime>;
}, z.core.$strict>;
export type TerminalCreate = z.infer<typeof terminalCreate>;
export declare const terminalPatch: z.ZodObject<{
    name: z.ZodOptional<z.ZodString>;
    folder: z.ZodOptional<z.ZodNullable<z.ZodPipe<z.ZodUUID, z.ZodTransform<string, string>>>>;
    keep: z.ZodOptional<z.ZodBoolean>;
    cols: z.ZodOptional<z.ZodInt>;
    rows: z.ZodOptional<z.ZodInt>;
}, z.core.$strict>;
export type TerminalPatch = z.infer<typeof terminalPatch>;
export declare const terminalsQuery: z.ZodObject<{
    limit: z.ZodDefault<z.ZodPipe<z.ZodPipe<z.ZodString, z.ZodTransform<number, string>>, z.ZodInt>>;
    cursor: z.ZodOptional<z.ZodString>;
    state: z.ZodOptional<z.ZodEnum<{
        ended: "ended";
        running: "running";
        suspended: "suspended";
    }>>;
    folder: z.ZodOptional<z.ZodPipe<z.ZodUUID, z.ZodTransform<string, string>>>;
}, z.core.$strict>;
export type TerminalsQuery = z.infer<typeof terminalsQuery>;
export declare const suspendRequest: z.ZodObject<{
    freeze: z.ZodDefault<z.ZodBoolean>;
}, z.core.$strict>;
/** `argv`: a process of its own in the terminal's folder and environment. `text`: typed into the terminal, as one paste. */
export declare const execRequest: z.ZodUnion<readonly [z.ZodObject<{
    argv: z.ZodArray<z.ZodString>;
    wait: z.ZodDefault<z.ZodBoolean>;
    timeout_s: z.ZodDefault<z.ZodInt>;
}, z.core.$strict>, z.ZodObject<{
    text: z.ZodString;
    enter: z.ZodDefault<z.ZodBoolean>;
}, z.core.$strict>]>;
export type ExecRequest = z.infer<typeof execRequest>;
export declare const execAnswer: z.ZodObject<{
    exit_code: z.ZodNullable<z.ZodInt>;
    signal: z.ZodNullable<z.ZodString>;
    timed_out: z.ZodBoolean;
    stdout: z.ZodString;
    stderr: z.ZodString;
    truncated: z.ZodBoolean;
}, z.core.$strip>;
export type ExecAnswer = z.infer<typeof execAnswer>;
export declare const scrollbackQuery: z.ZodObject<{
    format: z.ZodDefault<z.ZodEnum<{
        ansi: "ansi";
        text: "text";
    }>>;
    lines: z.ZodDefault<z.ZodPipe<z.ZodPipe<z.ZodString, z.ZodTransform<number, string>>, z.ZodInt>>;
}, z.core.$strict>;
export type ScrollbackQuery = z.infer<typeof scrollbackQuery>;
export declare const terminalInput: z.ZodObject<{
    data: z.ZodString;
    not_after: z.ZodOptional<z.ZodISODateTime>;
}, z.core.$strict>;
export declare const terminalSize: z.ZodObject<{
    cols: z.ZodInt;
    rows: z.ZodInt;
}, z.core.$strict>;
export declare const shareRequest: z.ZodObject<{
    right: z.ZodEnum<{
        look: "look";
        type: "type";
    }>;
}, z.core.$strict>;
/** The frames of a browser about a terminal. */
export declare const terminalFrame: z.ZodDiscriminatedUnion<[z.ZodObject<{
    type: z.ZodLiteral<"attach">;
    terminal_id: z.ZodPipe<z.ZodUUID, z.ZodTransform<string, string>>;
    from: z.ZodDefault<z.ZodUnion<readonly [z.ZodInt, z.ZodLiteral<"tail">, z.ZodLiteral<"screen">]>>;
}, z.core.$strip>, z.ZodObject<{
    type: z.ZodLiteral<"detach">;
    terminal_id: z.ZodPipe<z.ZodUUID, z.ZodTransform<string, string>>;
}, z.core.$strip>, z.ZodObject<{
    type: z.ZodLiteral<"ack">;
    terminal_id: z.ZodPipe<z.ZodUUID, z.ZodTransform<string, string>>;
    cursor: z.ZodInt;
}, z.core.$strip>, z.ZodObject<{
    data: z.ZodString;
    not_after: z.ZodOptional<z.ZodISODateTime>;
    type: z.ZodLiteral<"input">;
    terminal_id: z.ZodPipe<z.ZodUUID, z.ZodTransform<string, string>>;
}, z.core.$strip>, z.ZodObject<{
    cols: z.ZodInt;
    rows: z.ZodInt;
    type: z.ZodLiteral<"resize">;
    terminal_id: z.ZodPipe<z.ZodUUID, z.ZodTransform<string, string>>;
}, z.core.$strip>], "type">;
export type TerminalFrame = z.infer<typeof terminalFrame>;
export type TerminalFrameInput = z.input<typeof terminalFrame>;
/** The frames to a browser about a terminal. */
export type TerminalServerFrame = 
/** Answers `attach`: output follows from `cursor` on. */
{
    type: 'attached';
    terminal_id: string;
    cursor: Cursor;
    window: number;
    terminal: Terminal;
}
/** `cursor`: where to resume after this frame. */
 | {
    type: 'output';
    terminal_id: string;
    data: string;
    cursor: Cursor;
}
/** `data` draws the screen as it was at `cursor`, modes and all, on an emulator that was reset. */
 | {
    type: 'screen';
    terminal_id: string;
    data: string;
    cursor: Cursor;
    cols: number;
    rows: number;
} | {
    type: 'size';
    terminal_id: string;
    cols: number;
    rows: number;
} | {
    type: 'gap';
    terminal_id: string;
    from: Cursor;
    to: Cursor;
}
/** Its program ended, and all that it printed was sent. */
 | {
    type: 'exit';
    terminal_id: string;
    code: number | null;
    signal: string | null;
    reason: string | null;
} | {
    type: 'detached';
    terminal_id: string;
}
/** Also for `input` that was refused: nothing of that frame was typed. */
 | {
    type: 'error';
    terminal_id: string;
    code: ErrorCode;
    data: string;
}
/** On the topic `terminals`: one that was opened or changed, … */
 | {
    type: 'terminal';
    terminal_id: string;
    terminal: Terminal;
}
/** … or is there no longer. */
 | {
    type: 'terminal_removed';
    terminal_id: string;
};
