-- Every table of the gateway. Ids of logs are made by the gateway, in the order of time.

CREATE TABLE feature_flags (
    flag_key        text PRIMARY KEY,
    flag_value      boolean NOT NULL DEFAULT false,
    flag_value_text text,
    description     text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE analytics_logs (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    event_type text NOT NULL,
    event_data jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX analytics_logs_by_time ON analytics_logs (created_at);

CREATE TABLE generation_logs (
    id              text PRIMARY KEY DEFAULT 'gen_' || replace(gen_random_uuid()::text, '-', ''),
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
    generation_time bigint,
    cost            numeric,
    user_rating     text,
    ab_test         text,
    created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX generation_logs_by_time ON generation_logs (created_at);

CREATE TABLE llm_logs (
    id                  uuid PRIMARY KEY DEFAULT gen_random_uuid(),
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
    attempts            jsonb NOT NULL,
    input_tokens        bigint,
    cached_input_tokens bigint,
    output_tokens       bigint,
    cost                numeric,
    latency_ms          bigint NOT NULL,
    ttft_ms             bigint,
    created_at          timestamptz NOT NULL
);
CREATE INDEX llm_logs_by_time ON llm_logs USING brin (created_at);

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
    config_data           jsonb NOT NULL DEFAULT '{}',
    created_at            timestamptz NOT NULL DEFAULT now(),
    updated_at            timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE api_usage_logs (
    id               uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    api_config_id    text NOT NULL,
    user_id          text,
    request_id       text,
    success          boolean NOT NULL,
    error            text,
    error_class      text,
    response_time_ms bigint,
    request_params   jsonb,
    created_at       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX api_usage_logs_by_time ON api_usage_logs (created_at);

CREATE TABLE gateway_keys (
    id             text PRIMARY KEY,
    name           text NOT NULL UNIQUE,
    key_hash       text NOT NULL UNIQUE,
    key_prefix     text NOT NULL,
    allowed_models text,
    rpm            bigint,
    tpm            bigint,
    budget_usd     numeric,
    budget_period  text,
    expires_at     timestamptz,
    revoked_at     timestamptz,
    last_used_at   timestamptz,
    created_at     timestamptz NOT NULL DEFAULT now()
);

-- What a key has spent on each day (UTC), in units of 10^-12 USD, so that budgets outlive the logs.
CREATE TABLE key_spend (
    key_id        text NOT NULL,
    day           date NOT NULL,
    units         bigint NOT NULL,
    requests      bigint NOT NULL,
    input_tokens  bigint NOT NULL,
    output_tokens bigint NOT NULL,
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
    plan             jsonb NOT NULL,
    baseline_cost    numeric,
    reason           text,
    stage_started_at timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE rollout_events (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    rollout_id text NOT NULL REFERENCES rollouts (id),
    event      text NOT NULL,
    stage      integer,
    data       jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE video_jobs (
    id         text PRIMARY KEY,
    status     text NOT NULL,
    provider   text,
    model      text,
    request    jsonb NOT NULL,
    ticket     jsonb,
    result     jsonb,
    error      text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE audit_log (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    actor      text NOT NULL,
    action     text NOT NULL,
    subject    text NOT NULL,
    before     jsonb,
    after      jsonb,
    ip         text,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- A row for each table that replicas keep in memory: its version grows with every change of that table.
CREATE TABLE watched_tables (
    name    text PRIMARY KEY,
    version bigint NOT NULL,
    -- Has it ever had a row? That stays so, whatever is deleted.
    had_rows boolean NOT NULL DEFAULT false
);
INSERT INTO watched_tables (name, version) VALUES ('feature_flags', 0), ('gateway_keys', 0);

-- Whoever listens to `gateway_changes` learns the table's name with the commit.
CREATE FUNCTION gateway_tell_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE watched_tables SET version = version + 1 WHERE name = TG_TABLE_NAME;
    PERFORM pg_notify('gateway_changes', TG_TABLE_NAME);
    RETURN NULL;
END $$;

CREATE TRIGGER feature_flags_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON feature_flags
    FOR EACH STATEMENT EXECUTE FUNCTION gateway_tell_change();
-- Not on `last_used_at`, which changes with every use and means nothing to a replica.
CREATE TRIGGER gateway_keys_change
    AFTER INSERT OR DELETE OR TRUNCATE OR UPDATE OF
        id, name, key_hash, allowed_models, rpm, tpm, budget_usd, budget_period, expires_at, revoked_at
    ON gateway_keys FOR EACH STATEMENT EXECUTE FUNCTION gateway_tell_change();

CREATE FUNCTION gateway_note_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE watched_tables SET had_rows = true WHERE name = TG_TABLE_NAME AND NOT had_rows;
    RETURN NULL;
END $$;
CREATE TRIGGER gateway_keys_rows AFTER INSERT ON gateway_keys
    FOR EACH ROW EXECUTE FUNCTION gateway_note_rows();
