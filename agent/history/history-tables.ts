/** The history of runs and its index. agent/tables.ts says when each step was taken. */
export const HISTORY_TABLES = [
  `
  CREATE TABLE task_history (
    task_id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    username TEXT NOT NULL,
    action TEXT,
    action_revision INTEGER,
    label TEXT NOT NULL,
    script TEXT NOT NULL,
    -- JSON; secrets masked in both.
    args TEXT NOT NULL,
    inputs TEXT NOT NULL,
    source TEXT NOT NULL,
    address TEXT,
    -- 'starting' is the journal's word between commit and the first sign of the process; outside it reads as 'running'.
    state TEXT NOT NULL CHECK (state IN ('queued','starting','running','exited','cancelled','timed_out','interrupted','refused')),
    reason TEXT,
    exit_code INTEGER,
    signal TEXT,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    output_bytes INTEGER NOT NULL DEFAULT 0,
    stdin INTEGER NOT NULL DEFAULT 0,
    timeout_s INTEGER NOT NULL DEFAULT 0,
    cancel_requested_at INTEGER,
    request_id TEXT,
    -- SHA-256 of what was asked, so that another body under a known id is a conflict.
    request_hash TEXT,
    UNIQUE (user_id, request_id)
  ) STRICT;
  CREATE INDEX task_history_by_time ON task_history (created_at DESC, task_id DESC);
  CREATE INDEX task_history_by_user ON task_history (user_id, created_at DESC, task_id DESC);
  CREATE INDEX task_history_by_action ON task_history (action, created_at DESC, task_id DESC);
  -- A client's tiles: the newest run of theirs of each action.
  CREATE INDEX task_history_by_user_action ON task_history (user_id, action, created_at DESC, task_id DESC);
  CREATE INDEX task_history_by_state ON task_history (state, created_at DESC, task_id DESC);
  -- What a restart has to look at.
  CREATE INDEX task_history_open ON task_history (created_at) WHERE state IN ('queued', 'starting', 'running');
  `,
  `
  -- What people look for in the history. Runs repeat: what is the same for many of them is kept, and indexed, once, so that a
  -- press that was pressed before costs the index nothing. Only the first 4 KiB of inputs and of arguments count.
  ALTER TABLE task_history ADD COLUMN search_text INTEGER;
  CREATE INDEX task_history_by_text ON task_history (search_text, created_at DESC, task_id DESC);
  CREATE TABLE search_texts (
    id INTEGER PRIMARY KEY,
    label TEXT NOT NULL,
    username TEXT NOT NULL,
    action TEXT NOT NULL,
    inputs TEXT NOT NULL,
    script TEXT NOT NULL,
    args TEXT NOT NULL,
    UNIQUE (label, username, action, inputs, script, args)
  ) STRICT;
  CREATE VIEW run_texts AS SELECT
    task_id, label, username, coalesce(action, '') AS action,
    substr((SELECT coalesce(group_concat(key || ': ' || iif(type IN ('true', 'false'), type, value), char(10)), '')
      FROM json_each(iif(json_valid(inputs), inputs, '{}'))), 1, 4096) AS inputs,
    script,
    substr((SELECT coalesce(group_concat(value, ' '), '') FROM json_each(iif(json_valid(args), args, '[]'))), 1, 4096) AS args
  FROM task_history;

  -- Trigrams find parts of words, as the search of output does.
  CREATE VIRTUAL TABLE search_index USING fts5 (
    label, username, action, inputs, script, args, content = 'search_texts', content_rowid = 'id', tokenize = 'trigram'
  );
  CREATE TRIGGER search_texts_added AFTER INSERT ON search_texts BEGIN
    INSERT INTO search_index (rowid, label, username, action, inputs, script, args)
      VALUES (NEW.id, NEW.label, NEW.username, NEW.action, NEW.inputs, NEW.script, NEW.args);
  END;
  CREATE TRIGGER search_texts_removed AFTER DELETE ON search_texts BEGIN
    INSERT INTO search_index (search_index, rowid, label, username, action, inputs, script, args)
      VALUES ('delete', OLD.id, OLD.label, OLD.username, OLD.action, OLD.inputs, OLD.script, OLD.args);
  END;

  -- The state of a run changes often, and none of these columns with it.
  CREATE TRIGGER task_history_added AFTER INSERT ON task_history BEGIN
    INSERT INTO search_texts (label, username, action, inputs, script, args)
      SELECT label, username, action, inputs, script, args FROM run_texts WHERE task_id = NEW.task_id ON CONFLICT DO NOTHING;
    UPDATE task_history SET search_text = (
      SELECT t.id FROM run_texts r JOIN search_texts t USING (label, username, action, inputs, script, args) WHERE r.task_id = NEW.task_id
    ) WHERE task_id = NEW.task_id;
  END;
  CREATE TRIGGER task_history_renamed AFTER UPDATE OF label, username, action, inputs, script, args ON task_history BEGIN
    INSERT INTO search_texts (label, username, action, inputs, script, args)
      SELECT label, username, action, inputs, script, args FROM run_texts WHERE task_id = NEW.task_id ON CONFLICT DO NOTHING;
    UPDATE task_history SET search_text = (
      SELECT t.id FROM run_texts r JOIN search_texts t USING (label, username, action, inputs, script, args) WHERE r.task_id = NEW.task_id
    ) WHERE task_id = NEW.task_id;
    DELETE FROM search_texts WHERE id = OLD.search_text AND NOT EXISTS (SELECT 1 FROM task_history WHERE search_text = OLD.search_text);
  END;
  CREATE TRIGGER task_history_removed AFTER DELETE ON task_history BEGIN
    DELETE FROM search_texts WHERE id = OLD.search_text AND NOT EXISTS (SELECT 1 FROM task_history WHERE search_text = OLD.search_text);
  END;

  INSERT INTO search_texts (label, username, action, inputs, script, args)
    SELECT label, username, action, inputs, script, args FROM run_texts WHERE true ON CONFLICT DO NOTHING;
  UPDATE task_history SET search_text = (
    SELECT t.id FROM run_texts r JOIN search_texts t USING (label, username, action, inputs, script, args) WHERE r.task_id = task_history.task_id
  );
  `,
  `
  -- What somebody wrote on a run, and the index with it. A text with a note is mostly one run's own.
  ALTER TABLE task_history ADD COLUMN note TEXT NOT NULL DEFAULT '';
  DROP TRIGGER task_history_added;
  DROP TRIGGER task_history_renamed;
  DROP TRIGGER task_history_removed;
  DROP TRIGGER search_texts_added;
  DROP TRIGGER search_texts_removed;
  DROP TABLE search_index;
  DROP VIEW run_texts;
  ALTER TABLE search_texts RENAME TO search_texts_before;
  CREATE TABLE search_texts (
    id INTEGER PRIMARY KEY,
    label TEXT NOT NULL,
    username TEXT NOT NULL,
    action TEXT NOT NULL,
    inputs TEXT NOT NULL,
    script TEXT NOT NULL,
    args TEXT NOT NULL,
    note TEXT NOT NULL,
    UNIQUE (label, username, action, inputs, script, args, note)
  ) STRICT;
  INSERT INTO search_texts SELECT id, label, username, action, inputs, script, args, '' FROM search_texts_before;
  DROP TABLE search_texts_before;
  CREATE VIEW run_texts AS SELECT
    task_id, label, username, coalesce(action, '') AS action,
    substr((SELECT coalesce(group_concat(key || ': ' || iif(type IN ('true', 'false'), type, value), char(10)), '')
      FROM json_each(iif(json_valid(inputs), inputs, '{}'))), 1, 4096) AS inputs,
    script,
    substr((SELECT coalesce(group_concat(value, ' '), '') FROM json_each(iif(json_valid(args), args, '[]'))), 1, 4096) AS args,
    note
  FROM task_history;
  CREATE VIRTUAL TABLE search_index USING fts5 (
    label, username, action, inputs, script, args, note, content = 'search_texts', content_rowid = 'id', tokenize = 'trigram'
  );
  INSERT INTO search_index (search_index) VALUES ('rebuild');
  CREATE TRIGGER search_texts_added AFTER INSERT ON search_texts BEGIN
    INSERT INTO search_index (rowid, label, username, action, inputs, script, args, note)
      VALUES (NEW.id, NEW.label, NEW.username, NEW.action, NEW.inputs, NEW.script, NEW.args, NEW.note);
  END;
  CREATE TRIGGER search_texts_removed AFTER DELETE ON search_texts BEGIN
    INSERT INTO search_index (search_index, rowid, label, username, action, inputs, script, args, note)
      VALUES ('delete', OLD.id, OLD.label, OLD.username, OLD.action, OLD.inputs, OLD.script, OLD.args, OLD.note);
  END;
  CREATE TRIGGER task_history_added AFTER INSERT ON task_history BEGIN
    INSERT INTO search_texts (label, username, action, inputs, script, args, note)
      SELECT label, username, action, inputs, script, args, note FROM run_texts WHERE task_id = NEW.task_id ON CONFLICT DO NOTHING;
    UPDATE task_history SET search_text = (
      SELECT t.id FROM run_texts r JOIN search_texts t USING (label, username, action, inputs, script, args, note) WHERE r.task_id = NEW.task_id
    ) WHERE task_id = NEW.task_id;
  END;
  CREATE TRIGGER task_history_renamed AFTER UPDATE OF label, username, action, inputs, script, args, note ON task_history BEGIN
    INSERT INTO search_texts (label, username, action, inputs, script, args, note)
      SELECT label, username, action, inputs, script, args, note FROM run_texts WHERE task_id = NEW.task_id ON CONFLICT DO NOTHING;
    UPDATE task_history SET search_text = (
      SELECT t.id FROM run_texts r JOIN search_texts t USING (label, username, action, inputs, script, args, note) WHERE r.task_id = NEW.task_id
    ) WHERE task_id = NEW.task_id;
    DELETE FROM search_texts WHERE id = OLD.search_text AND NOT EXISTS (SELECT 1 FROM task_history WHERE search_text = OLD.search_text);
  END;
  CREATE TRIGGER task_history_removed AFTER DELETE ON task_history BEGIN
    DELETE FROM search_texts WHERE id = OLD.search_text AND NOT EXISTS (SELECT 1 FROM task_history WHERE search_text = OLD.search_text);
  END;
  `,
  `
  -- What a run's output takes on the disk: known when it is compressed, or was found not to be worth it.
  ALTER TABLE task_history ADD COLUMN disk_bytes INTEGER;
  CREATE INDEX task_history_uncompressed ON task_history (ended_at, task_id) WHERE disk_bytes IS NULL AND output_bytes >= 16384;
  `,
  `
  -- How a run is asked to leave and how long it has for that (null: as usual), and what proves that its wrapper says how it ended.
  ALTER TABLE task_history ADD COLUMN stop_signal TEXT NOT NULL DEFAULT 'TERM';
  ALTER TABLE task_history ADD COLUMN grace_s INTEGER;
  ALTER TABLE task_history ADD COLUMN seal TEXT;
  `,
] as const;

/** The steps since each system numbers its own (store/own-tables.ts). */
export const HISTORY_STEPS = [
  `
  -- What its results take on the disk (runs/<task_id>/artifacts).
  ALTER TABLE task_history ADD COLUMN artifact_bytes INTEGER NOT NULL DEFAULT 0;
  `,
  `
  -- Those that failed, mostly few, and all that ended by how long they ran.
  CREATE INDEX task_history_failed ON task_history (created_at DESC, task_id DESC) WHERE state = 'exited' AND exit_code IS NOT 0;
  CREATE INDEX task_history_by_duration ON task_history (max(ended_at - started_at, 0) DESC, task_id DESC) WHERE max(ended_at - started_at, 0) IS NOT NULL;
  `,
  `
  -- Its script has a terminal of its own.
  ALTER TABLE task_history ADD COLUMN tty INTEGER NOT NULL DEFAULT 0;
  `,
] as const;
