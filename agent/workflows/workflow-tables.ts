/** The steps of the tables of workflows, taken by `ownTables()`. Times in ms since 1970. */
export const WORKFLOW_TABLES: readonly string[] = [
  `
  CREATE TABLE workspaces (
    name TEXT PRIMARY KEY,
    type TEXT NOT NULL CHECK (type IN ('folder', 'git')),
    -- A folder's path, or a repository's address.
    location TEXT NOT NULL,
    ref TEXT,
    -- By which jobs are made; null: there never was a good one.
    revision INTEGER REFERENCES workspace_revisions(id),
    -- What was seen last, with what is wrong with it (JSON).
    seen_revision TEXT,
    problems TEXT NOT NULL DEFAULT '[]',
    error TEXT,
    checked_at INTEGER,
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- The definitions of a good revision, as JSON: what jobs are pinned to.
  CREATE TABLE workspace_revisions (
    id INTEGER PRIMARY KEY,
    workspace TEXT NOT NULL,
    revision TEXT NOT NULL,
    -- Where its files lie, absolute.
    folder TEXT NOT NULL,
    definitions TEXT NOT NULL,
    UNIQUE (workspace, revision)
  ) STRICT;

  -- Which clients may execute a task: 'everyone', or user ids as JSON.
  CREATE TABLE task_allow (
    workspace TEXT NOT NULL REFERENCES workspaces(name) ON DELETE CASCADE,
    task TEXT NOT NULL,
    allow TEXT NOT NULL,
    PRIMARY KEY (workspace, task)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE jobs (
    job_id TEXT PRIMARY KEY,
    workspace TEXT NOT NULL,
    task TEXT NOT NULL,
    revision INTEGER NOT NULL REFERENCES workspace_revisions(id),
    -- Of a hook's job: its task of one step, as JSON, which stands in no file.
    own_task TEXT,
    user_id TEXT NOT NULL,
    username TEXT NOT NULL,
    address TEXT,
    source TEXT NOT NULL,
    source_id TEXT,
    -- Of a job that is a step of another: whose end is told there.
    parent_job TEXT,
    parent_step TEXT,
    parent_attempt INTEGER,
    request_id TEXT,
    request_hash TEXT,
    state TEXT NOT NULL,
    error TEXT,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    -- Events so far; and the state after the first of them, as JSON (those are gone then).
    events INTEGER NOT NULL DEFAULT 0,
    kept_events INTEGER NOT NULL DEFAULT 0,
    kept_state TEXT,
    UNIQUE (user_id, request_id)
  ) STRICT;
  CREATE INDEX jobs_by_time ON jobs (created_at DESC, job_id DESC);
  CREATE INDEX jobs_by_task ON jobs (workspace, task, created_at DESC, job_id DESC);
  CREATE INDEX jobs_by_user ON jobs (user_id, created_at DESC, job_id DESC);
  CREATE INDEX jobs_by_state ON jobs (state, created_at DESC, job_id DESC);
  CREATE INDEX jobs_open ON jobs (created_at) WHERE state IN ('pending', 'running', 'suspended');
  CREATE INDEX jobs_by_parent ON jobs (parent_job, parent_step, parent_attempt) WHERE parent_job IS NOT NULL;
  CREATE INDEX jobs_by_revision ON jobs (revision);

  CREATE TABLE job_events (
    job_id TEXT NOT NULL REFERENCES jobs(job_id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (job_id, number)
  ) STRICT, WITHOUT ROWID;

  -- Steps that are to be started or stopped: written with the event that asked for it, gone with what came of it.
  CREATE TABLE job_effects (
    id INTEGER PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES jobs(job_id) ON DELETE CASCADE,
    type TEXT NOT NULL CHECK (type IN ('start', 'cancel')),
    step TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    UNIQUE (job_id, step, attempt, type)
  ) STRICT;

  -- The runs of steps. Open until the job has heard how the run ended.
  CREATE TABLE job_runs (
    task_id TEXT PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES jobs(job_id) ON DELETE CASCADE,
    step TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    is_open INTEGER NOT NULL DEFAULT 1
  ) STRICT;
  CREATE INDEX job_runs_by_job ON job_runs (job_id, step, attempt);
  CREATE INDEX job_runs_open ON job_runs (task_id) WHERE is_open = 1;
  `,
  `
  CREATE TABLE workflow_triggers (
    workspace TEXT NOT NULL REFERENCES workspaces(name) ON DELETE CASCADE,
    name TEXT NOT NULL,
    -- As an admin set it; null: as the file says.
    enabled INTEGER,
    spec TEXT NOT NULL,
    next_due INTEGER,
    last_fired_at INTEGER,
    last_job_id TEXT,
    error TEXT,
    PRIMARY KEY (workspace, name)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX jobs_of_triggers ON jobs (workspace, source_id) WHERE source = 'trigger' AND state IN ('pending', 'running', 'suspended');
  `,
  `
  -- The event with which a job begins that waits until fewer of its task run, as JSON.
  ALTER TABLE jobs ADD COLUMN waits TEXT;
  CREATE INDEX jobs_waiting ON jobs (workspace, task, created_at) WHERE waits IS NOT NULL;
  `,
  `
  -- What the completed jobs of a task left for the next one; their files lie beside. The highest number is the newest.
  CREATE TABLE task_states (
    workspace TEXT NOT NULL,
    task TEXT NOT NULL,
    job_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    -- JSON.
    state TEXT NOT NULL,
    PRIMARY KEY (workspace, task, job_id)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- A rare source is found without a look at all jobs: in a history of 100,000 that took most of a second.
  CREATE INDEX jobs_by_source ON jobs (source, created_at DESC, job_id DESC);
  `,
  `
  -- When it last did not fire, and when somebody was last told of that.
  ALTER TABLE workflow_triggers ADD COLUMN failed_at INTEGER;
  ALTER TABLE workflow_triggers ADD COLUMN told_at INTEGER;

  -- 1: the host's own. It has no folder: its definitions are made of the two tables below.
  ALTER TABLE workspaces ADD COLUMN own INTEGER NOT NULL DEFAULT 0;
  -- Schedules of quick actions: each is a trigger and a task of that workspace, both of its name.
  CREATE TABLE schedules (
    name TEXT PRIMARY KEY,
    action TEXT NOT NULL,
    cron TEXT NOT NULL,
    timezone TEXT NOT NULL,
    catch_up TEXT NOT NULL,
    -- JSON: answers, and names of stored secrets, by input.
    inputs TEXT NOT NULL,
    secrets TEXT NOT NULL,
    -- Whose its runs are: who saved it last.
    user_id TEXT NOT NULL,
    username TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  -- Two quick actions, one after the other: each is a task of that workspace.
  CREATE TABLE chains (
    name TEXT PRIMARY KEY,
    first TEXT NOT NULL,
    second TEXT NOT NULL,
    run_when TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- 1: its actions, tasks and connection types are for workspaces, as name.item.
  ALTER TABLE workspaces ADD COLUMN library INTEGER NOT NULL DEFAULT 0;
  `,
  `
  -- The chain that a schedule starts, whose first action is its action; null: that action alone.
  ALTER TABLE schedules ADD COLUMN chain TEXT;
  `,
  `
  -- The newest of a workspace without a sort of all of them.
  CREATE INDEX jobs_by_workspace ON jobs (workspace, created_at DESC, job_id DESC);
  `,
];
