/** Every step the schema took, in order. A step that was released is never changed; add one instead. */
export const MIGRATIONS = [
  `CREATE TABLE sessions (
     client_id TEXT NOT NULL,
     key TEXT NOT NULL,
     agent_id TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     updated_at INTEGER NOT NULL,
     PRIMARY KEY (client_id, key)
   ) STRICT, WITHOUT ROWID;

   CREATE TABLE turns (
     id TEXT PRIMARY KEY,
     client_id TEXT NOT NULL,
     session_key TEXT,
     agent_id TEXT,
     provider TEXT,
     model TEXT,
     fence INTEGER NOT NULL,
     started_at INTEGER NOT NULL,
     finished_at INTEGER,
     finish_reason TEXT,
     error_code TEXT,
     input_tokens INTEGER NOT NULL DEFAULT 0,
     output_tokens INTEGER NOT NULL DEFAULT 0,
     cached_input_tokens INTEGER NOT NULL DEFAULT 0,
     reasoning_tokens INTEGER NOT NULL DEFAULT 0,
     cost_usd REAL
   ) STRICT;
   CREATE INDEX turns_unfinished ON turns (started_at) WHERE finished_at IS NULL;

   CREATE TABLE messages (
     seq INTEGER PRIMARY KEY,
     turn_id TEXT NOT NULL,
     position INTEGER NOT NULL,
     client_id TEXT NOT NULL,
     session_key TEXT NOT NULL,
     role TEXT NOT NULL,
     content TEXT NOT NULL,
     text TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     UNIQUE (turn_id, position)
   ) STRICT;
   CREATE INDEX messages_of_session ON messages (client_id, session_key, seq);
   CREATE INDEX messages_of_client ON messages (client_id, seq);

   CREATE TABLE tokens (
     digest TEXT PRIMARY KEY,
     client_id TEXT NOT NULL,
     scopes TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     expires_at INTEGER
   ) STRICT;`,

  `ALTER TABLE sessions ADD COLUMN expired_at INTEGER;
   ALTER TABLE sessions ADD COLUMN starts_after INTEGER NOT NULL DEFAULT 0;
   CREATE INDEX sessions_live ON sessions (updated_at) WHERE expired_at IS NULL;

   CREATE TABLE events (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     type TEXT NOT NULL,
     payload TEXT NOT NULL,
     at INTEGER NOT NULL,
     agent_id TEXT,
     session_key TEXT,
     owner TEXT
   ) STRICT;
   CREATE INDEX events_of_owner ON events (owner, id);

   CREATE TABLE starts (
     seq INTEGER PRIMARY KEY,
     at INTEGER NOT NULL,
     config TEXT NOT NULL
   ) STRICT;`,

  `CREATE TABLE memory_entries (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     id TEXT NOT NULL UNIQUE,
     content TEXT NOT NULL,
     tags TEXT NOT NULL,
     client_id TEXT NOT NULL,
     agent_id TEXT NOT NULL,
     session_key TEXT,
     turn_id TEXT,
     source TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     digest TEXT NOT NULL,
     UNIQUE (client_id, agent_id, digest)
   ) STRICT;
   CREATE VIRTUAL TABLE memory_text USING fts5(
     content, tags, content = 'memory_entries', content_rowid = 'seq', tokenize = 'porter unicode61 remove_diacritics 2'
   );
   CREATE TRIGGER memory_text_add AFTER INSERT ON memory_entries BEGIN
     INSERT INTO memory_text (rowid, content, tags) VALUES (new.seq, new.content, new.tags);
   END;
   CREATE TRIGGER memory_text_remove AFTER DELETE ON memory_entries BEGIN
     INSERT INTO memory_text (memory_text, rowid, content, tags) VALUES ('delete', old.seq, old.content, old.tags);
   END;
   CREATE TABLE memory_spaces (
     space INTEGER PRIMARY KEY AUTOINCREMENT,
     model TEXT NOT NULL UNIQUE,
     dimensions INTEGER NOT NULL,
     entries INTEGER NOT NULL DEFAULT 0
   ) STRICT;`,

  `CREATE TABLE config_versions (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     at INTEGER NOT NULL,
     source TEXT NOT NULL,
     client_id TEXT,
     paths TEXT NOT NULL,
     config TEXT NOT NULL,
     overlay TEXT NOT NULL
   ) STRICT;
   INSERT INTO config_versions (at, source, paths, config, overlay)
     SELECT at, 'start', '[]', config, '{}' FROM starts ORDER BY seq;
   DROP TABLE starts;`,

  `CREATE TABLE token_ends (
     digest TEXT PRIMARY KEY,
     ends_at INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;`,

  `ALTER TABLE sessions ADD COLUMN summary TEXT;
   ALTER TABLE sessions ADD COLUMN message_count INTEGER NOT NULL DEFAULT 0;
   UPDATE sessions SET message_count = (
     SELECT count(*) FROM messages WHERE messages.client_id = sessions.client_id AND session_key = key);
   CREATE INDEX sessions_by_use ON sessions (updated_at, client_id, key);
   CREATE INDEX sessions_of_client ON sessions (client_id, updated_at, key);
   CREATE INDEX sessions_of_agent ON sessions (agent_id, updated_at, client_id, key);
   CREATE INDEX sessions_of_client_and_agent ON sessions (client_id, agent_id, updated_at, key);

   ALTER TABLE turns ADD COLUMN session_client_id TEXT;
   UPDATE turns SET session_client_id = client_id WHERE session_key IS NOT NULL;

   CREATE VIRTUAL TABLE message_text USING fts5(
     scope, text, content = '', contentless_delete = 1, tokenize = 'porter unicode61 remove_diacritics 2'
   );
   INSERT INTO message_text (message_text, rank) VALUES ('automerge', 0);
   CREATE TABLE message_text_waiting (seq INTEGER PRIMARY KEY) STRICT;
   INSERT INTO message_text_waiting SELECT seq FROM messages WHERE role IN ('user', 'assistant') AND text <> '';
   CREATE TRIGGER message_text_add AFTER INSERT ON messages WHEN new.role IN ('user', 'assistant') AND new.text <> '' BEGIN
     INSERT INTO message_text_waiting VALUES (new.seq);
   END;
   CREATE TRIGGER message_text_remove AFTER DELETE ON messages BEGIN
     DELETE FROM message_text_waiting WHERE seq = old.seq;
     DELETE FROM message_text WHERE rowid = old.seq;
   END;`,

  // Sums of finished turns. client_id '' is all clients; spans are hours and days; what a turn has not got is ''.
  `CREATE TABLE usage (
     client_id TEXT NOT NULL,
     span_ms INTEGER NOT NULL,
     start INTEGER NOT NULL,
     provider TEXT NOT NULL,
     model TEXT NOT NULL,
     agent_id TEXT NOT NULL,
     turns INTEGER NOT NULL,
     failed INTEGER NOT NULL,
     input_tokens INTEGER NOT NULL,
     output_tokens INTEGER NOT NULL,
     cached_input_tokens INTEGER NOT NULL,
     reasoning_tokens INTEGER NOT NULL,
     cost_usd REAL NOT NULL,
     unpriced_turns INTEGER NOT NULL,
     unpriced_tokens INTEGER NOT NULL,
     PRIMARY KEY (client_id, span_ms, start, provider, model, agent_id)
   ) STRICT, WITHOUT ROWID;
   INSERT INTO usage
     SELECT client_id, 3600000, finished_at - finished_at % 3600000 AS hour, coalesce(provider, '') AS its_provider,
       coalesce(model, '') AS its_model, coalesce(agent_id, '') AS its_agent, count(*), sum(finish_reason = 'error'),
       sum(input_tokens), sum(output_tokens), sum(cached_input_tokens), sum(reasoning_tokens), total(cost_usd),
       sum(model IS NOT NULL AND cost_usd IS NULL),
       sum(iif(model IS NOT NULL AND cost_usd IS NULL, input_tokens + output_tokens, 0))
     FROM turns WHERE finished_at IS NOT NULL
     GROUP BY client_id, hour, its_provider, its_model, its_agent;
   INSERT INTO usage
     SELECT '', span_ms, start, provider, model, agent_id, sum(turns), sum(failed), sum(input_tokens),
       sum(output_tokens), sum(cached_input_tokens), sum(reasoning_tokens), sum(cost_usd), sum(unpriced_turns),
       sum(unpriced_tokens)
     FROM usage GROUP BY start, provider, model, agent_id;
   INSERT INTO usage
     SELECT client_id, 86400000, start - start % 86400000 AS day, provider, model, agent_id, sum(turns), sum(failed),
       sum(input_tokens), sum(output_tokens), sum(cached_input_tokens), sum(reasoning_tokens), sum(cost_usd),
       sum(unpriced_turns), sum(unpriced_tokens)
     FROM usage GROUP BY client_id, day, provider, model, agent_id;

   CREATE TABLE session_usage (
     client_id TEXT NOT NULL,
     session_key TEXT NOT NULL,
     last_at INTEGER NOT NULL,
     turns INTEGER NOT NULL,
     failed INTEGER NOT NULL,
     input_tokens INTEGER NOT NULL,
     output_tokens INTEGER NOT NULL,
     cached_input_tokens INTEGER NOT NULL,
     reasoning_tokens INTEGER NOT NULL,
     cost_usd REAL NOT NULL,
     PRIMARY KEY (client_id, session_key)
   ) STRICT, WITHOUT ROWID;
   INSERT INTO session_usage
     SELECT coalesce(session_client_id, client_id) AS owner, session_key, max(finished_at), count(*),
       sum(finish_reason = 'error'), sum(input_tokens),
       sum(output_tokens), sum(cached_input_tokens), sum(reasoning_tokens), total(cost_usd)
     FROM turns WHERE finished_at IS NOT NULL AND session_key IS NOT NULL GROUP BY owner, session_key;

   CREATE TABLE usage_resets (at INTEGER NOT NULL) STRICT;`,

  `CREATE TABLE kept_turns (
     id TEXT PRIMARY KEY,
     client_id TEXT NOT NULL,
     started_at INTEGER NOT NULL,
     finished_at INTEGER,
     request TEXT NOT NULL,
     previous_id TEXT,
     input TEXT NOT NULL,
     output TEXT
   ) STRICT;
   CREATE INDEX kept_turns_unfinished ON kept_turns (started_at) WHERE finished_at IS NULL;
   CREATE INDEX kept_turns_by_start ON kept_turns (started_at);
   CREATE TABLE kept_entries (
     turn_id TEXT NOT NULL REFERENCES kept_turns (id) ON DELETE CASCADE,
     seq INTEGER NOT NULL,
     at INTEGER NOT NULL,
     event TEXT NOT NULL,
     PRIMARY KEY (turn_id, seq)
   ) STRICT, WITHOUT ROWID;`,

  `CREATE TABLE agent_steps (
     turn_id TEXT PRIMARY KEY,
     client_id TEXT NOT NULL,
     agent_id TEXT NOT NULL,
     at INTEGER NOT NULL,
     question TEXT NOT NULL,
     said TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX agent_steps_by_time ON agent_steps (at);
   CREATE INDEX agent_steps_of_client ON agent_steps (client_id, at);
   CREATE TABLE agent_step_calls (
     call_id TEXT NOT NULL,
     turn_id TEXT NOT NULL REFERENCES agent_steps (turn_id) ON DELETE CASCADE,
     PRIMARY KEY (call_id, turn_id)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX agent_step_calls_of_turn ON agent_step_calls (turn_id);`,

  // What is long stands apart, so that a change of state does not write it again. Counts are kept by triggers.
  `CREATE TABLE deliveries (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     id TEXT NOT NULL UNIQUE,
     mapping_id TEXT NOT NULL,
     sender_id TEXT NOT NULL,
     turn_id TEXT NOT NULL,
     received_at INTEGER NOT NULL,
     state TEXT NOT NULL,
     sending INTEGER NOT NULL DEFAULT 0,
     attempts INTEGER NOT NULL DEFAULT 0,
     interruptions INTEGER NOT NULL DEFAULT 0,
     due_at INTEGER,
     finished_at INTEGER,
     agent_id TEXT, reason TEXT,
     lane TEXT, handed_to TEXT, hand_ins INTEGER NOT NULL DEFAULT 0,
     UNIQUE (mapping_id, sender_id)
   ) STRICT;
   CREATE INDEX deliveries_by_state ON deliveries (state, seq);
   CREATE INDEX deliveries_of_mapping ON deliveries (mapping_id, seq);
   CREATE INDEX deliveries_due ON deliveries (due_at, seq) WHERE due_at IS NOT NULL;
   CREATE INDEX deliveries_behind ON deliveries (lane, seq) WHERE state = 'waiting' AND due_at IS NULL;
   CREATE INDEX deliveries_ahead ON deliveries (lane) WHERE sending = 0 AND (state = 'running' OR due_at IS NOT NULL);
   CREATE INDEX deliveries_handed ON deliveries (handed_to) WHERE state = 'handed';
   CREATE INDEX deliveries_ended ON deliveries (state, finished_at) WHERE finished_at IS NOT NULL;
   CREATE TABLE delivery_contents (
     seq INTEGER PRIMARY KEY REFERENCES deliveries (seq) ON DELETE CASCADE,
     path TEXT NOT NULL,
     payload TEXT NOT NULL,
     headers TEXT NOT NULL,
     query TEXT NOT NULL,
     answer TEXT,
     held TEXT
   ) STRICT;
   CREATE TABLE delivery_counts (
     mapping_id TEXT NOT NULL,
     state TEXT NOT NULL,
     count INTEGER NOT NULL,
     PRIMARY KEY (mapping_id, state)
   ) STRICT, WITHOUT ROWID;
   CREATE TRIGGER deliveries_add AFTER INSERT ON deliveries BEGIN
     INSERT INTO delivery_counts VALUES (new.mapping_id, new.state, 1) ON CONFLICT DO UPDATE SET count = count + 1;
   END;
   CREATE TRIGGER deliveries_change AFTER UPDATE OF state ON deliveries WHEN new.state <> old.state BEGIN
     UPDATE delivery_counts SET count = count - 1 WHERE mapping_id = old.mapping_id AND state = old.state;
     INSERT INTO delivery_counts VALUES (new.mapping_id, new.state, 1) ON CONFLICT DO UPDATE SET count = count + 1;
   END;
   CREATE TRIGGER deliveries_next AFTER UPDATE OF state, sending ON deliveries
   WHEN old.lane IS NOT NULL AND old.sending = 0 AND old.state IN ('waiting', 'running')
     AND (new.sending = 1 OR new.state NOT IN ('waiting', 'running')) BEGIN
     UPDATE deliveries SET due_at = received_at WHERE seq = (SELECT seq FROM deliveries
       WHERE lane = new.lane AND state = 'waiting' AND due_at IS NULL ORDER BY seq LIMIT 1) AND NOT EXISTS (SELECT 1
       FROM deliveries WHERE lane = new.lane AND sending = 0 AND (state = 'running' OR due_at IS NOT NULL));
   END;
   CREATE TRIGGER deliveries_remove AFTER DELETE ON deliveries BEGIN
     UPDATE delivery_counts SET count = count - 1 WHERE mapping_id = old.mapping_id AND state = old.state;
   END;`,

  `CREATE TABLE token_limits (
     client_id TEXT PRIMARY KEY,
     limits TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE budget_counts (
     budget TEXT NOT NULL,
     per TEXT NOT NULL,
     start INTEGER NOT NULL,
     tokens INTEGER NOT NULL,
     usd REAL NOT NULL,
     told INTEGER NOT NULL,
     PRIMARY KEY (budget, per, start)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX budget_counts_by_start ON budget_counts (start);`,

  // The folded title is what a search compares: SQLite knows the two cases of ASCII letters alone.
  `ALTER TABLE sessions ADD COLUMN title TEXT;
   ALTER TABLE sessions ADD COLUMN title_folded TEXT;
   CREATE INDEX sessions_titled ON sessions (updated_at, client_id, key) WHERE title IS NOT NULL;`
]
