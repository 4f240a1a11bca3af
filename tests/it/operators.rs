//! The SQL that operators have in their runbooks, as it stands there, on PostgreSQL.

use std::time::Duration;

use serde_json::json;
use sqlx::{Column, Connection, Executor, PgConnection, Row};

use crate::flags::{database_is, weights};
use crate::kit::*;

/// Each provider's 95th percentile of latency, in the last five minutes.
const LATENCY: &str = "SELECT 
  event_data->>'provider' as provider,
  PERCENTILE_CONT(0.95) WITHIN GROUP (ORDER BY (event_data->>'latency_ms')::numeric) as p95_latency_ms
FROM analytics_logs
WHERE event_type = 'gen_route'
  AND created_at >= NOW() - INTERVAL '5 minutes'
GROUP BY event_data->>'provider';";

/// Each provider's share of failures, in the last five minutes.
const FAILURES: &str = "SELECT 
  event_data->>'provider' as provider,
  COUNT(*) FILTER (WHERE event_data->>'error' IS NOT NULL) * 100.0 / COUNT(*) as failure_rate_percent
FROM analytics_logs
WHERE event_type = 'gen_route'
  AND created_at >= NOW() - INTERVAL '5 minutes'
GROUP BY event_data->>'provider';";

/// What a picture costs with each, in the last hour.
const COST: &str = "SELECT 
  event_data->>'provider' as provider,
  AVG((event_data->>'cost_per_image')::numeric) as avg_cost_per_image
FROM analytics_logs
WHERE event_type = 'gen_route'
  AND created_at >= NOW() - INTERVAL '1 hour'
  AND event_data->>'cost_per_image' IS NOT NULL
GROUP BY event_data->>'provider';";

/// Vouchers given for pictures that had to be made again, in the last hour.
const VOUCHERS: &str = "SELECT 
  COUNT(*) FILTER (WHERE event_type = 'voucher_issued' AND event_data->>'reason' = 'regenerate') * 100.0 / 
  COUNT(*) FILTER (WHERE event_type = 'gen_ok') as regenerate_voucher_rate_percent
FROM analytics_logs
WHERE created_at >= NOW() - INTERVAL '1 hour';";

/// Who gets which part of the requests.
const SPLIT: &str = "SELECT 
  event_data->>'provider' as provider,
  COUNT(*) as request_count,
  COUNT(*) * 100.0 / SUM(COUNT(*)) OVER () as percentage
FROM analytics_logs
WHERE event_type = 'gen_route'
  AND created_at >= NOW() - INTERVAL '10 minutes'
GROUP BY event_data->>'provider'
ORDER BY provider;";

/// The last few generations.
const RECENT: &str = "SELECT 
  event_type,
  event_data->>'model_provider' as provider,
  event_data->>'model_id' as model_id,
  created_at
FROM analytics_logs
WHERE event_type IN ('gen_start', 'gen_ok', 'gen_fail')
  AND created_at >= NOW() - INTERVAL '5 minutes'
ORDER BY created_at DESC
LIMIT 10;";

/// What users think of each provider.
const RATINGS: &str = "SELECT
  provider,
  COUNT(*) as total,
  SUM(CASE WHEN user_rating = 'thumbs_up' THEN 1 ELSE 0 END) as positive,
  AVG(generation_time) as avg_time,
  AVG(cost) as avg_cost
FROM generation_logs
WHERE user_rating IS NOT NULL
GROUP BY provider;";

const FIRST_STAGE: &str =
    "INSERT INTO feature_flags (flag_key, flag_value, flag_value_text, description, created_at, updated_at)
VALUES (
  'GEN_PROVIDER_WEIGHTS',
  false,
  '{\"fal\":0.9,\"runware\":0.1}',
  'Provider weights: 90% FAL, 10% Runware (D1)',
  NOW(),
  NOW()
)
ON CONFLICT (flag_key) 
DO UPDATE SET 
  flag_value_text = '{\"fal\":0.9,\"runware\":0.1}',
  description = 'Provider weights: 90% FAL, 10% Runware (D1)',
  updated_at = NOW();";

const SECOND_STAGE: &str = "UPDATE feature_flags 
SET flag_value_text = '{\"fal\":0.5,\"runware\":0.5}',
    description = 'Provider weights: 50% FAL, 50% Runware (D2)',
    updated_at = NOW()
WHERE flag_key = 'GEN_PROVIDER_WEIGHTS';";

const ROLLBACK: &str = "UPDATE feature_flags 
SET flag_value_text = '{\"fal\":1.0,\"runware\":0.0}',
    description = 'Provider weights: 100% FAL, 0% Runware (Rollback)',
    updated_at = NOW()
WHERE flag_key = 'GEN_PROVIDER_WEIGHTS';";

const QUICK_ROLLBACK: &str = "UPDATE feature_flags 
SET flag_value_text = '{\"fal\":1.0,\"runware\":0.0}',
    description = 'Provider weights: 100% FAL, 0% Runware (Quick Rollback)',
    updated_at = NOW()
WHERE flag_key = 'GEN_PROVIDER_WEIGHTS';";

const NOW_IN_FORCE: &str = "SELECT flag_key, flag_value_text as weights, description, updated_at FROM feature_flags WHERE flag_key = 'GEN_PROVIDER_WEIGHTS';";

/// Runs one statement as `psql` does; gives the rows, each value as `name=text`.
async fn psql(database: &Database, sql: &'static str) -> Vec<String> {
    let mut connection = PgConnection::connect(&database.url()).await.expect("the server answers");
    let rows = connection.fetch_all(sqlx::raw_sql(sql)).await.unwrap_or_else(|error| panic!("{error}\n{sql}"));
    let value = |row: &sqlx::postgres::PgRow, at: usize| {
        let text: Option<String> = row.try_get_unchecked(at).expect("text");
        format!("{}={}", row.column(at).name(), text.unwrap_or_else(|| "null".to_owned()))
    };
    let line = |row: &sqlx::postgres::PgRow| (0..row.len()).map(|at| value(row, at)).collect::<Vec<_>>().join(" ");
    let mut lines: Vec<String> = rows.iter().map(line).collect();
    lines.sort();
    lines
}

/// A gateway that has made the tables of a new PostgreSQL.
async fn running() -> Option<(Database, Gateway)> {
    let database = postgres().await?;
    let gateway = gateway().database(&database).start().await;
    database_is(&gateway, true).await;
    Some((database, gateway))
}

#[tokio::test]
async fn figures_of_a_rollout() {
    let Some((database, gateway)) = running().await else { return };
    // 90 calls of fal and 10 of runware, latencies of 10, 20, 30 … ms, each with a cost where it has an end; and others
    // from before that no figure may count.
    database
        .run(
            r#"
            INSERT INTO analytics_logs (event_type, event_data)
            SELECT 'gen_route', jsonb_build_object('provider', 'fal', 'model_id', 'fal-ai/flux/schnell',
                'latency_ms', n * 10, 'cost_per_image', 0.003, 'error', null, 'request_id', 'req_' || n, 'attempt', 1)
            FROM generate_series(1, 89) AS n;
            INSERT INTO analytics_logs (event_type, event_data) VALUES ('gen_route', '{"provider": "fal",
                "latency_ms": 900, "cost_per_image": null, "error": "timeout", "request_id": "req_90", "attempt": 1}');
            INSERT INTO analytics_logs (event_type, event_data)
            SELECT 'gen_route', jsonb_build_object('provider', 'runware', 'latency_ms', n * 10,
                'cost_per_image', 0.001 * n, 'error', null)
            FROM generate_series(1, 10) AS n;
            INSERT INTO analytics_logs (event_type, event_data)
            SELECT 'gen_ok', '{"model_provider": "fal", "model_id": "fal-ai/flux/schnell", "latency_ms": 812, "cost": 0.003}'
            FROM generate_series(1, 40);
            INSERT INTO analytics_logs (event_type, event_data, created_at) VALUES
                ('gen_route', '{"provider": "imagen", "latency_ms": 99999, "error": "auth"}', NOW() - INTERVAL '2 hours'),
                ('gen_ok', '{"model_provider": "imagen"}', NOW() - INTERVAL '2 hours');
            "#,
        )
        .await;
    for reason in ["regenerate", "regenerate", "'; DROP TABLE analytics_logs; --", "refund"] {
        let event = json!({"event_type": "voucher_issued", "event_data": {"reason": reason, "provider": "runware"}});
        assert_eq!(gateway.post("/api/events", event).await.status, 202);
    }
    in_time("the vouchers", async {
        while database.count("analytics_logs").await < 146 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    // The server's interpolation is one of floating-point numbers.
    let latency = psql(&database, LATENCY).await;
    let figure = |at: usize, provider: &str| {
        let text = latency[at].strip_prefix(&format!("provider={provider} p95_latency_ms=")).expect("the provider");
        text.parse::<f64>().expect("a number")
    };
    assert!((figure(0, "fal") - 855.5).abs() < 1e-6 && (figure(1, "runware") - 95.5).abs() < 1e-6, "{latency:?}");
    assert_eq!(
        psql(&database, FAILURES).await,
        [
            "provider=fal failure_rate_percent=1.1111111111111111",
            "provider=runware failure_rate_percent=0.00000000000000000000"
        ]
    );
    assert_eq!(
        psql(&database, COST).await,
        [
            "provider=fal avg_cost_per_image=0.00300000000000000000",
            "provider=runware avg_cost_per_image=0.00550000000000000000"
        ]
    );
    assert_eq!(psql(&database, VOUCHERS).await, ["regenerate_voucher_rate_percent=5.0000000000000000"]);
    assert_eq!(
        psql(&database, SPLIT).await,
        [
            "provider=fal request_count=90 percentage=90.0000000000000000",
            "provider=runware request_count=10 percentage=10.0000000000000000"
        ]
    );
    let recent = psql(&database, RECENT).await;
    assert_eq!(recent.len(), 10);
    assert!(
        recent[0].starts_with("event_type=gen_ok provider=fal model_id=fal-ai/flux/schnell created_at=20"),
        "{recent:?}"
    );
}

#[tokio::test]
async fn figures_of_what_users_think() {
    let Some((database, _gateway)) = running().await else { return };
    database
        .run(
            "INSERT INTO generation_logs (user_id, provider, model, generation_time, cost, user_rating)
             SELECT 'u' || n, 'fal', 'fal-ai/flux/schnell', 3200, 0.025,
                CASE WHEN n <= 42 THEN 'thumbs_up' ELSE 'thumbs_down' END FROM generate_series(1, 50) AS n;
             INSERT INTO generation_logs (provider, generation_time, cost, user_rating, prompt)
             SELECT 'imagen', 12000, 0.040, CASE WHEN n <= 45 THEN 'thumbs_up' ELSE 'thumbs_down' END,
                '''; DROP TABLE generation_logs; -- 😀' FROM generate_series(1, 50) AS n;
             INSERT INTO generation_logs (provider, generation_time) VALUES ('runware', 1)",
        )
        .await;
    assert_eq!(
        psql(&database, RATINGS).await,
        [
            "provider=fal total=50 positive=42 avg_time=3200.0000000000000000 avg_cost=0.02500000000000000000",
            "provider=imagen total=50 positive=45 avg_time=12000.000000000000 avg_cost=0.04000000000000000000"
        ]
    );
    let ids = database.number("SELECT count(DISTINCT id) AS first FROM generation_logs WHERE id LIKE 'gen\\_%'").await;
    assert_eq!(ids, 101.0, "rows without an id get one");
}

#[tokio::test]
async fn each_step_of_a_rollout_is_in_force_within_a_second_of_its_commit() {
    let Some((database, gateway)) = running().await else { return };
    assert!(psql(&database, NOW_IN_FORCE).await.is_empty());
    for (sql, fal, runware, name) in [
        (FIRST_STAGE, 0.9, 0.1, "Provider weights: 90% FAL, 10% Runware (D1)"),
        (SECOND_STAGE, 0.5, 0.5, "Provider weights: 50% FAL, 50% Runware (D2)"),
        (ROLLBACK, 1.0, 0.0, "Provider weights: 100% FAL, 0% Runware (Rollback)"),
        (FIRST_STAGE, 0.9, 0.1, "Provider weights: 90% FAL, 10% Runware (D1)"),
        (QUICK_ROLLBACK, 1.0, 0.0, "Provider weights: 100% FAL, 0% Runware (Quick Rollback)"),
    ] {
        psql(&database, sql).await;
        let took = weights(&gateway, &[("fal", fal), ("runware", runware)]).await;
        assert!(took < Duration::from_secs(1), "{name}: {took:?}");
        let row = psql(&database, NOW_IN_FORCE).await;
        assert!(row.len() == 1 && row[0].contains(&format!("description={name} updated_at=20")), "{row:?}");
    }
    assert!(!gateway.log().contains("is not valid"), "{}", gateway.log());
}
