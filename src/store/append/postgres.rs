//! Appending to PostgreSQL: a table's rows at once, as one JSON array that the server takes apart.

use sqlx::{ConnectOptions, PgConnection};

use crate::domain::row::{CallRow, EventRow, Row};
use crate::store::StoreError;
use crate::store::pool::postgres;

/// What the new rows cost is added to what their keys have spent in the same statement: rows that were there already
/// add nothing.
const CALLS: &str = "
WITH new AS (
    INSERT INTO llm_logs (id, request_id, endpoint, route, key_id, user_id, conversation_id, provider, model,
        requested_model, outcome, status, stream, cached, attempts, input_tokens, cached_input_tokens, output_tokens,
        cost, latency_ms, ttft_ms, created_at)
    SELECT id, request_id, endpoint, route, key_id, user_id, conversation_id, provider, model,
        requested_model, outcome, status, stream, cached, attempts, input_tokens, cached_input_tokens, output_tokens,
        cost, latency_ms, ttft_ms, created_at
    FROM json_to_recordset($1::text::json) AS row (id uuid, request_id text, endpoint text, route text, key_id text,
        user_id text, conversation_id text, provider text, model text, requested_model text, outcome text,
        status integer, stream boolean, cached boolean, attempts jsonb, input_tokens bigint,
        cached_input_tokens bigint, output_tokens bigint, cost numeric, latency_ms bigint, ttft_ms bigint,
        created_at timestamptz)
    ON CONFLICT (id) DO NOTHING
    RETURNING key_id, cost, cached, input_tokens, output_tokens, created_at
)
INSERT INTO key_spend AS spent (key_id, day, units, requests, input_tokens, output_tokens)
SELECT key_id, (created_at AT TIME ZONE 'UTC')::date AS day, coalesce(sum(cost * 1000000000000), 0)::bigint, count(*),
    coalesce(sum(input_tokens) FILTER (WHERE NOT cached), 0)::bigint,
    coalesce(sum(output_tokens) FILTER (WHERE NOT cached), 0)::bigint
FROM new WHERE key_id IS NOT NULL GROUP BY key_id, day ORDER BY key_id, day
ON CONFLICT (key_id, day) DO UPDATE SET units = spent.units + excluded.units,
    requests = spent.requests + excluded.requests, input_tokens = spent.input_tokens + excluded.input_tokens,
    output_tokens = spent.output_tokens + excluded.output_tokens";

const EVENTS: &str = "
INSERT INTO analytics_logs (id, event_type, event_data, created_at)
SELECT id, event_type, event_data, created_at
FROM json_to_recordset($1::text::json) AS row (id uuid, event_type text, event_data jsonb, created_at timestamptz)
ON CONFLICT (id) DO NOTHING";

/// Appends by `connection`, which is opened where there is none, and let go of where it fails.
pub(super) async fn append(connection: &mut Option<PgConnection>, url: &str, rows: &[Row]) -> Result<(), StoreError> {
    let mut open = match connection.take() {
        Some(open) => open,
        None => postgres(url)?.connect().await?,
    };
    let (mut calls, mut events): (Vec<&CallRow>, Vec<&EventRow>) = (Vec::new(), Vec::new());
    for row in rows {
        match row {
            Row::Call(row) => calls.push(row),
            Row::Event(row) => events.push(row),
        }
    }
    // Both or neither: a batch is handed over again as a whole, and what is there already is passed over.
    let written = async {
        if !calls.is_empty() {
            sqlx::query(CALLS).bind(json(&calls)?).execute(&mut open).await?;
        }
        if !events.is_empty() {
            sqlx::query(EVENTS).bind(json(&events)?).execute(&mut open).await?;
        }
        Ok(())
    };
    let written = written.await;
    if !matches!(written, Err(StoreError::Away(_))) {
        *connection = Some(open);
    }
    written
}

fn json<T: serde::Serialize>(rows: &[T]) -> Result<String, StoreError> {
    serde_json::to_string(rows).map_err(|error| StoreError::Refused(error.to_string()))
}
