/** What the host tells devices, in English: a language of the page has its own text under each of them. */
export const NOTICE_TEXTS = {
  ended: 'Ended',
  completed: 'Succeeded',
  failed: 'Failed',
  cancelled: 'Cancelled',
  skipped: 'Skipped',
  approval: 'Waits for an answer',
  trigger: 'Did not start: {reason}',
  terminalPermission: 'Asks for your permission',
  terminalIdle: 'Waits for input',
  terminalDone: 'Is done',
  terminalStalled: 'Does not go on',
  terminalBell: 'Rang',
  terminalNote: 'Wants your attention',
  noneFailed: 'None failed',
  away: 'Away',
  back: 'Back',
  test: 'A test: this device is told when a run ends.',
  cpu: 'The processor has been busy at {percent} % for five minutes',
  cpuOver: 'The processor is down to {percent} %',
  memory: '{percent} % of the memory has been used for five minutes',
  memoryOver: 'The memory in use is down to {percent} %',
  disk: 'The disk {mount} is {percent} % full',
  diskOver: 'The disk {mount} is down to {percent} %',
} as const;
/** Of those with a number, the form for one and for every other. */
export const NOTICE_COUNTS = {
  ended: ['1 run ended', '{count} runs ended'],
  failed: ['1 failed', '{count} failed'],
} as const;
