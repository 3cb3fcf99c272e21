/** The steps of the tables of those who are told when runs end, taken by `ownTables()`. Times in ms since 1970. */
export const NOTIFY_TABLES: readonly string[] = [
  `
  -- The host's VAPID key: one row. Whoever has it can sign for the subscriptions below, and read nothing.
  CREATE TABLE notify_key (private_key TEXT NOT NULL) STRICT;

  CREATE TABLE notify_devices (
    id TEXT PRIMARY KEY,
    -- One device a session: the browser in which it lives.
    sid TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    endpoint TEXT NOT NULL UNIQUE,
    p256dh TEXT NOT NULL,
    auth TEXT NOT NULL,
    origin TEXT NOT NULL,
    own_runs TEXT NOT NULL,
    host INTEGER NOT NULL,
    -- JSON, or null.
    quiet TEXT,
    created_at INTEGER NOT NULL,
    sent_at INTEGER,
    problem TEXT
  ) STRICT;
  CREATE TABLE notify_follows (
    device TEXT NOT NULL REFERENCES notify_devices(id) ON DELETE CASCADE,
    action TEXT NOT NULL REFERENCES quick_actions(id) ON DELETE CASCADE,
    tell_when TEXT NOT NULL,
    PRIMARY KEY (device, action)
  ) STRICT, WITHOUT ROWID;
  -- Runs of which a device is told once.
  CREATE TABLE notify_watches (
    device TEXT NOT NULL REFERENCES notify_devices(id) ON DELETE CASCADE,
    task_id TEXT NOT NULL,
    PRIMARY KEY (device, task_id)
  ) STRICT, WITHOUT ROWID;

  -- The addresses in an action's settings.
  CREATE TABLE notify_targets (
    action TEXT NOT NULL REFERENCES quick_actions(id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('ntfy', 'webhook')),
    url TEXT NOT NULL,
    tell_when TEXT NOT NULL,
    -- ntfy: its token, or null. Webhook: the secret that it is signed with.
    secret TEXT,
    sent_at INTEGER,
    problem TEXT,
    gave_up_at INTEGER,
    gave_up INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (action, kind)
  ) STRICT, WITHOUT ROWID;

  -- The journal: a message for each run and target, written with the run's end, and gone some days after it was dealt with.
  CREATE TABLE notify_messages (
    id TEXT PRIMARY KEY,
    task_id TEXT NOT NULL,
    -- 'device/<id>', 'ntfy/<action>', 'webhook/<action>'
    target TEXT NOT NULL,
    -- A run's summary, as JSON: nothing that it printed or was given.
    run TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'given_up', 'dropped')),
    attempts INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    done_at INTEGER,
    UNIQUE (task_id, target)
  ) STRICT;
  CREATE INDEX notify_messages_waiting ON notify_messages (target, created_at) WHERE state = 'waiting';
  CREATE INDEX notify_messages_done ON notify_messages (done_at) WHERE done_at IS NOT NULL;
  `,
  `
  ALTER TABLE notify_devices ADD COLUMN thresholds INTEGER NOT NULL DEFAULT 0;

  -- Also the addresses of the host itself, which are told of its thresholds: their action is null.
  ALTER TABLE notify_targets RENAME TO notify_targets_of_actions;
  CREATE TABLE notify_targets (
    action TEXT REFERENCES quick_actions(id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('ntfy', 'webhook')),
    url TEXT NOT NULL,
    tell_when TEXT NOT NULL,
    secret TEXT,
    sent_at INTEGER,
    problem TEXT,
    gave_up_at INTEGER,
    gave_up INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  INSERT INTO notify_targets SELECT action, kind, url, tell_when, secret, sent_at, problem, gave_up_at, gave_up FROM notify_targets_of_actions;
  DROP TABLE notify_targets_of_actions;
  CREATE UNIQUE INDEX notify_targets_of ON notify_targets (ifnull(action, ''), kind);

  -- A message is about a run, or about a threshold: {"run": …} or {"alert": …}. 'event' is the run's id, or one of the alert's own.
  ALTER TABLE notify_messages RENAME COLUMN task_id TO event;
  ALTER TABLE notify_messages RENAME COLUMN run TO about;
  UPDATE notify_messages SET about = json_object('run', json(about));
  `,
  `
  -- In which a device's messages are written (BCP 47); null: English.
  ALTER TABLE notify_devices ADD COLUMN language TEXT;
  `,
  `
  -- Of jobs that nobody started, of triggers that could not start one, and of what jobs ask. Counts for admins alone.
  ALTER TABLE notify_devices ADD COLUMN jobs TEXT NOT NULL DEFAULT 'failure';
  `,
  `
  -- Of what terminals want of people. Counts for admins alone.
  ALTER TABLE notify_devices ADD COLUMN terminals INTEGER NOT NULL DEFAULT 0;
  `,
  `
  -- Nothing is told before this time, once.
  ALTER TABLE notify_devices ADD COLUMN silent_until INTEGER;
  `,
  `
  -- Of bells of terminals. Counts for admins alone.
  ALTER TABLE notify_devices ADD COLUMN bells INTEGER NOT NULL DEFAULT 0;
  `,
];
