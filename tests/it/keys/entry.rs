//! Who is let in.

use std::time::Instant;

use serde_json::json;

use super::*;
use crate::kit::upstream::openai;

#[tokio::test]
async fn a_key_that_is_made_while_the_gateway_runs_is_good_and_needed_within_a_second() {
    for database in databases().await {
        let openai = openai().start().await;
        let gateway = gateway().with(&openai).database(&database).start().await;
        assert_eq!(gateway.chat("gpt-4o-mini", "hi").await.status, 200, "nobody needs a key yet");
        let made = make(&database, "ci", &[]).await;
        let since = Instant::now();
        soon("a key to be needed", 401, || gateway.chat("gpt-4o-mini", "hi")).await;
        assert!(since.elapsed() < Duration::from_secs(3), "{:?}", since.elapsed());
        for header in ["authorization", "x-api-key"] {
            let value = if header == "x-api-key" { made.key.clone() } else { format!("Bearer {}", made.key) };
            let request = gateway.request("POST", "/v1/chat/completions").header(header, value);
            let answer = request.json(&chat("gpt-4o-mini", "hi")).send().await;
            assert_eq!(answer.status, 200, "{header}");
        }
        assert!(gateway.log().contains("key=\"ci\""), "{}", gateway.log());
        for wrong in ["", "amg-", "wrong", &made.key[..made.key.len() - 1], &made.id, &format!("{}x", made.key)] {
            check_error(&chat_by(&gateway, wrong, "gpt-4o-mini").await, 401, "invalid_api_key");
        }
        good_command(&database, &["keys", "revoke", "ci"]).await;
        let since = Instant::now();
        let refused = soon("the revocation", 401, || chat_by(&gateway, &made.key, "gpt-4o-mini")).await;
        assert!(since.elapsed() < Duration::from_secs(3), "{:?}", since.elapsed());
        assert!(refused.error()["message"].as_str().unwrap().contains("revoked"), "{refused:?}");
        // The last one is gone, and keys are needed still: even where its row was deleted.
        check_error(&gateway.chat("gpt-4o-mini", "hi").await, 401, "invalid_api_key");
        database.run("DELETE FROM gateway_keys").await;
        soon("the deletion", 401, async || {
            let answer = chat_by(&gateway, &made.key, "gpt-4o-mini").await;
            assert_eq!(answer.status, 401);
            let unknown = answer.error()["message"].as_str().unwrap().contains("not known");
            if unknown { answer } else { Answer { status: 0, ..answer } }
        })
        .await;
        check_error(&gateway.chat("gpt-4o-mini", "hi").await, 401, "invalid_api_key");
        let anew = crate::kit::gateway().with(&openai).database(&database).start().await;
        check_error(&anew.chat("gpt-4o-mini", "hi").await, 401, "invalid_api_key");
    }
}

#[tokio::test]
async fn what_is_kept_of_a_key_opens_nothing() {
    for database in databases().await {
        let made = make(&database, "ci", &[]).await;
        let hash = database.text("SELECT key_hash AS first FROM gateway_keys").await.unwrap();
        assert_eq!(hash, sha256(&made.key));
        let columns = "id || name || key_hash || key_prefix";
        let kept = database.text(&format!("SELECT {columns} AS first FROM gateway_keys")).await.unwrap();
        assert!(!kept.contains(&made.key[..20]), "{kept}");
        let openai = openai().start().await;
        let gateway = gateway().with(&openai).database(&database).env("LOG_LEVEL", "trace").start().await;
        assert_eq!(chat_by(&gateway, &made.key, "gpt-4o-mini").await.status, 200);
        check_error(&chat_by(&gateway, &hash, "gpt-4o-mini").await, 401, "invalid_api_key");
        assert!(!gateway.log().contains(&made.key), "the key stands in the log");
        assert_eq!(openai.last_call().key(), Some("sk-test-openai-SECRET"));
        in_time("its use to be noted", async {
            while database.text("SELECT last_used_at AS first FROM gateway_keys").await.is_none() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
        .await;
    }
}

fn sha256(text: &str) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_key_ends_when_it_was_said_to_end() {
    for database in databases().await {
        let made = make(&database, "ci", &["--expires", "30m"]).await;
        let openai = openai().start().await;
        let gateway = gateway().with(&openai).database(&database).start().await.checked().await;
        assert_eq!(chat_by(&gateway, &made.key, "gpt-4o-mini").await.status, 200);
        gateway.advance(Duration::from_secs(29 * 60)).await;
        assert_eq!(chat_by(&gateway, &made.key, "gpt-4o-mini").await.status, 200);
        gateway.advance(Duration::from_secs(60)).await;
        let answer = chat_by(&gateway, &made.key, "gpt-4o-mini").await;
        check_error(&answer, 401, "invalid_api_key");
        assert!(answer.error()["message"].as_str().unwrap().contains("expired"), "{answer:?}");
    }
}

#[tokio::test]
async fn keys_of_the_environment_and_of_the_database_side_by_side() {
    for database in databases().await {
        let made = make(&database, "ci", &[]).await;
        let openai = openai().start().await;
        let gateway = gateway().with(&openai).database(&database).env("GATEWAY_API_KEYS", "sk-env").start().await;
        for key in ["sk-env", &made.key] {
            assert_eq!(chat_by(&gateway, key, "gpt-4o-mini").await.status, 200);
        }
        let both = gateway.request("POST", "/v1/messages").bearer(&made.key).anthropic();
        assert_eq!(both.json(&messages("gpt-4o-mini", "hi")).send().await.status, 200, "a placeholder beside a key");
        check_error(&chat_by(&gateway, "other", "gpt-4o-mini").await, 401, "invalid_api_key");
        in_time("the records", async {
            while database.count("llm_logs").await < 3 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
        let ids = database.texts("SELECT key_id AS first FROM llm_logs ORDER BY 1").await;
        let mut expected = ["key-1".to_owned(), made.id.clone(), made.id].map(Some);
        expected.sort();
        assert_eq!(ids, expected);
    }
}

#[tokio::test]
async fn rows_that_people_write_by_hand() {
    for database in databases().await {
        let openai = openai().start().await;
        let gateway = gateway().with(&openai).database(&database).start().await;
        let row = |name: &str, more: &str, values: &str| {
            let columns = format!("id, name, key_hash, key_prefix{more}");
            format!(
                "INSERT INTO gateway_keys ({columns}) VALUES ('{name}', '{name}', '{}', 'amg-'{values})",
                sha256(name).to_uppercase()
            )
        };
        database.run(&row("plain", "", "")).await;
        database.run(&row("listed", ", allowed_models", ", 'gpt-4o-mini, code'")).await;
        database.run(&row("broken", ", allowed_models, budget_usd, budget_period", ", '[1]', 5, 'fortnight'")).await;
        database
            .run("INSERT INTO gateway_keys (id, name, key_hash, key_prefix) VALUES ('x', 'x', 'no hash', '')")
            .await;
        soon("a key to be needed", 401, || gateway.chat("gpt-4o-mini", "hi")).await;
        soon("the first key", 200, || chat_by(&gateway, "plain", "gpt-4o-mini")).await;
        soon("the second key", 200, || chat_by(&gateway, "listed", "gpt-4o-mini")).await;
        check_error(&chat_by(&gateway, "listed", "gpt-4o").await, 403, "model_not_allowed");
        soon("the third key", 403, || chat_by(&gateway, "broken", "gpt-4o-mini")).await;
        database.run("UPDATE gateway_keys SET allowed_models = NULL WHERE name = 'listed'").await;
        soon("the change", 200, || chat_by(&gateway, "listed", "gpt-4o")).await;
    }
}

#[tokio::test]
async fn hostile_names_stay_names() {
    for database in databases().await {
        let openai = openai().start().await;
        let gateway = gateway().with(&openai).database(&database).start().await;
        for name in
            ["'; DROP TABLE gateway_keys; --", "<script>alert(1)</script>", "% {} \\n $1", "ключ 🔑 \u{202e}gnp"]
        {
            let made = make(&database, name, &[]).await;
            assert_eq!(made.all["name"], json!(name));
            let usage = || gateway.request("GET", "/v1/usage").bearer(&made.key).send();
            let usage = soon("the key", 200, usage).await;
            assert_eq!(chat_by(&gateway, &made.key, "gpt-4o-mini").await.status, 200);
            assert_eq!(usage.json["key"]["name"], json!(name));
            good_command(&database, &["keys", "revoke", name]).await;
            soon("the revocation", 401, || chat_by(&gateway, &made.key, "gpt-4o-mini")).await;
        }
        assert_eq!(database.count("gateway_keys").await, 4);
    }
}
