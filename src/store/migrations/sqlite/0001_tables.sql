-- Every table of the gateway. Ids of logs are made by the gateway, in the order of time: `llm_logs` needs no index by
-- time beside them. Times are ISO 8601 in UTC, to the millisecond.

CREATE TABLE feature_flags (
    flag_key        text PRIMARY KEY,
    flag_value      boolean NOT NULL DEFAULT false,
    flag_value_text text,
    description     text,
    created_at      text NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at      text NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);

CREATE TABLE analytics_logs (
    id         integer PRIMARY KEY,
    event_type text NOT NULL,
    event_data text NOT NULL,
    created_at text NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);
CREATE INDEX analytics_logs_by_time ON analytics_logs (created_at);

CREATE TABLE generation_logs (
    id              text PRIMARY KEY DEFAULT ('gen_' || lower(hex(randomblob(16)))),
    avatar_id       text,
    style_id        text,
    user_id         text,
    type            text NOT NULL DEFAULT 'image',
    prompt          text,
    provider        text,
    model           text,
    success         boolean NOT NULL DEFAULT true,
    error           text,
    url             text,
    generation_time integer,
    cost            real,
    user_rating     text,
    ab_test         text,
    created_at      text NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);
CREATE INDEX generation_logs_by_time ON generation_logs (created_at);

CREATE TABLE llm_logs (
    id                  integer PRIMARY KEY,
    request_id          text NOT NULL,
    endpoint            text NOT NULL,
    route               text,
    key_id              text,
    user_id             text,
    conversation_id     text,
    provider            text,
    model               text,
    requested_model     text NOT NULL,
    outcome             text NOT NULL,
    status              integer NOT NULL,
    stream              boolean NOT NULL,
    cached              boolean NOT NULL,
    attempts            text NOT NULL,
    input_tokens        integer,
    cached_input_tokens integer,
    output_tokens       integer,
    cost                real,
    latency_ms          integer NOT NULL,
    ttft_ms             integer,
    created_at          text NOT NULL
);

CREATE TABLE api_configs (
    id                    text PRIMARY KEY,
    name                  text NOT NULL UNIQUE,
    api_type              text NOT NULL,
    provider              text NOT NULL,
    priority              integer NOT NULL DEFAULT 0,
    base_url              text,
    endpoint              text,
    api_key_encrypted     text,
    model_name            text,
    max_retries           integer NOT NULL DEFAULT 2,
    timeout_seconds       integer NOT NULL DEFAULT 60,
    rate_limit_per_minute integer NOT NULL DEFAULT 0,
    is_active             boolean NOT NULL DEFAULT true,
    is_default            boolean NOT NULL DEFAULT false,
    config_data           text NOT NULL DEFAULT '{}',
    created_at            text NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at            text NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);

CREATE TABLE api_usage_logs (
    id               integer PRIMARY KEY,
    api_config_id    text NOT NULL,
    user_id          text,
    request_id       text,
    success          boolean NOT NULL,
    error            text,
    error_class      text,
    response_time_ms integer,
    request_params   text,
    created_at       text NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);
CREATE INDEX api_usage_logs_by_time ON api_usage_logs (created_at);

CREATE TABLE gateway_keys (
    id             text PRIMARY KEY,
    name           text NOT NULL UNIQUE,
    key_hash       text NOT NULL UNIQUE,
    key_prefix     text NOT NULL,
    allowed_models text,
    rpm            integer,
    tpm            integer,
    budget_usd     real,
    budget_period  text,
    expires_at     text,
    revoked_at     text,
    last_used_at   text,
    created_at     text NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);

-- What a key has spent on each day (UTC), in units of 10^-12 USD, so that budgets outlive the logs.
CREATE TABLE key_spend (
    key_id        text NOT NULL,
    day           text NOT NULL,
    units         integer NOT NULL,
    requests      integer NOT NULL,
    input_tokens  integer NOT NULL,
    output_tokens integer NOT NULL,
    PRIMARY KEY (key_id, day)
);
CREATE INDEX key_spend_by_day ON key_spend (day);

CREATE TABLE rollouts (
    id               text PRIMARY KEY,
    type             text NOT NULL,
    baseline         text NOT NULL,
    candidate        text NOT NULL,
    state            text NOT NULL,
    stage            integer NOT NULL,
    plan             text NOT NULL,
    baseline_cost    real,
    reason           text,
    stage_started_at text,
    created_at       text NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at       text NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);

CREATE TABLE rollout_events (
    id         integer PRIMARY KEY,
    rollout_id text NOT NULL REFERENCES rollouts (id),
    event      text NOT NULL,
    stage      integer,
    data       text NOT NULL,
    created_at text NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);

CREATE TABLE video_jobs (
    id         text PRIMARY KEY,
    status     text NOT NULL,
    provider   text,
    model      text,
    request    text NOT NULL,
    ticket     text,
    result     text,
    error      text,
    created_at text NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at text NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);

CREATE TABLE audit_log (
    id         integer PRIMARY KEY,
    actor      text NOT NULL,
    action     text NOT NULL,
    subject    text NOT NULL,
    before     text,
    after      text,
    ip         text,
    created_at text NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);

-- A row for each table that processes keep in memory: its version grows with every change of that table.
CREATE TABLE watched_tables (
    name    text PRIMARY KEY,
    version integer NOT NULL,
    -- Has it ever had a row? That stays so, whatever is deleted.
    had_rows boolean NOT NULL DEFAULT false
);
INSERT INTO watched_tables (name, version) VALUES ('feature_flags', 0), ('gateway_keys', 0);

CREATE TRIGGER feature_flags_insert AFTER INSERT ON feature_flags
    BEGIN UPDATE watched_tables SET version = version + 1 WHERE name = 'feature_flags'; END;
CREATE TRIGGER feature_flags_update AFTER UPDATE ON feature_flags
    BEGIN UPDATE watched_tables SET version = version + 1 WHERE name = 'feature_flags'; END;
CREATE TRIGGER feature_flags_delete AFTER DELETE ON feature_flags
    BEGIN UPDATE watched_tables SET version = version + 1 WHERE name = 'feature_flags'; END;
CREATE TRIGGER gateway_keys_insert AFTER INSERT ON gateway_keys
    BEGIN UPDATE watched_tables SET version = version + 1, had_rows = true WHERE name = 'gateway_keys'; END;
-- Not on `last_used_at`, which changes with every use and means nothing to a process.
CREATE TRIGGER gateway_keys_update AFTER UPDATE OF
        id, name, key_hash, allowed_models, rpm, tpm, budget_usd, budget_period, expires_at, revoked_at ON gateway_keys
    BEGIN UPDATE watched_tables SET version = version + 1 WHERE name = 'gateway_keys'; END;
CREATE TRIGGER gateway_keys_delete AFTER DELETE ON gateway_keys
    BEGIN UPDATE watched_tables SET version = version + 1 WHERE name = 'gateway_keys'; END;
