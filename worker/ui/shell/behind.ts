/** What the frame of every page may need at any time, and not for its first paint: one file, which comes right behind that. */
// biome-ignore-all lint/performance/noBarrelFile: it is a file of the build, and loads all of them on purpose.
export { keepClearOfKeyboard } from './keyboard-room.ts';
export { listenForKeys } from './keys.ts';
export { LeaveQuestion } from './leave-question.tsx';
export { PasswordDialog } from './password-dialog.tsx';
export { ShownBanners } from './shown-banners.tsx';
