//! `keys` and `usage`, as an operator types them.

use serde_json::json;

use super::*;

#[tokio::test]
async fn a_key_stands_alone_on_stdout() {
    for database in databases().await {
        let finished = good_command(&database, &["keys", "create", "--name", "ci", "--rpm", "60"]).await;
        let key = finished.stdout.trim_end();
        assert_eq!(finished.stdout, format!("{key}\n"));
        assert!(key.starts_with("amg-") && key.len() >= 47, "{key}");
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        assert!(key.bytes().all(plain), "{key}");
        assert!(finished.stderr.contains("ci") && !finished.stderr.contains(key), "{}", finished.stderr);
        let taken = command(&database, &["keys", "create", "--name", "ci"]).await;
        assert_eq!((taken.code, taken.stdout.as_str()), (Some(1), ""), "{taken:?}");
        assert!(taken.stderr.contains("`ci`") && taken.stderr.contains("--name"), "{}", taken.stderr);
        let listed = good_command(&database, &["keys", "list"]).await.stdout;
        for words in ["NAME", "ci", &key[..10], "every model; 60 requests/min", "good", "never"] {
            assert!(listed.contains(words), "no {words:?} in\n{listed}");
        }
        assert!(!listed.contains(key));
    }
}

#[tokio::test]
async fn what_was_said_is_kept() {
    for database in databases().await {
        let args = [
            "--rpm",
            "60",
            "--tpm",
            "100000",
            "--budget",
            "25.5",
            "--period",
            "week",
            "--models",
            "gpt-4o*,code",
            "--expires",
            "2099-01-31",
        ];
        let made = make(&database, "all", &args).await;
        let plain = make(&database, "plain", &[]).await;
        let expected = json!({
            "id": made.id, "name": "all", "prefix": &made.key[..10], "models": ["gpt-4o*", "code"], "rpm": 60,
            "tpm": 100000, "budget_usd": 25.5, "budget_period": "week", "expires_at": "2099-01-31T00:00:00.000Z",
            "created_at": made.all["created_at"],
        });
        let mut said = made.all.clone();
        said.as_object_mut().unwrap().remove("key");
        assert_eq!(said, expected);
        good_command(&database, &["keys", "revoke", &plain.id]).await;
        let again = good_command(&database, &["keys", "revoke", "plain"]).await;
        assert!(again.stderr.contains("before"), "{}", again.stderr);
        let listed: Value =
            serde_json::from_str(&good_command(&database, &["keys", "list", "--json"]).await.stdout).unwrap();
        let mut first = listed[0].clone();
        for field in ["state", "revoked_at", "last_used_at"] {
            first.as_object_mut().unwrap().remove(field);
        }
        assert_eq!(first, expected);
        assert_eq!((&listed[0]["state"], &listed[1]["state"]), (&json!("good"), &json!("revoked")));
        assert!(listed[1]["revoked_at"].is_string());
        assert_eq!(listed.as_array().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn options_that_are_wrong_are_told_with_what_to_write() {
    let database = sqlite();
    for (args, words) in [
        (&["--name", ""][..], "--name"),
        (&["--name", "a\nb"], "printable"),
        (&["--name", "key-1"], "another name"),
        (&[], "--name"),
        (&["--name", "x", "--rpm", "0"], "--rpm"),
        (&["--name", "x", "--rpm", "many"], "whole number"),
        (&["--name", "x", "--tpm", "-1"], "--tpm"),
        (&["--name", "x", "--budget", "free"], "--budget 25"),
        (&["--name", "x", "--budget", "0"], "above 0"),
        (&["--name", "x", "--budget", "1", "--period", "year"], "day, week, month or total"),
        (&["--name", "x", "--period", "day"], "--budget"),
        (&["--name", "x", "--models", "a,,b"], "--models 'gpt-4o*,code'"),
        (&["--name", "x", "--expires", "soon"], "--expires 90d"),
        (&["--name", "x", "--expires", "2020-01-01"], "to come"),
    ] {
        let finished = command(&database, &[&["keys", "create"], args].concat()).await;
        assert_eq!((finished.code, finished.stdout.as_str()), (Some(2), ""), "{args:?}: {finished:?}");
        assert!(finished.stderr.contains(words), "{args:?}: no {words:?} in\n{}", finished.stderr);
    }
    let hours = command(&database, &["usage", "--hours", "0"]).await;
    assert!(hours.code == Some(2) && hours.stderr.contains("--hours 24"), "{hours:?}");
    assert_eq!(database.count("gateway_keys").await, 0);
    let missing = command(&database, &["keys", "revoke", "nobody"]).await;
    assert!(missing.code == Some(1) && missing.stderr.contains("`nobody`"), "{missing:?}");
}

#[tokio::test]
async fn without_a_database_the_operator_learns_what_to_do() {
    for (url, words) in [("off", "DATABASE_URL=off"), ("postgres://u:SECRET@127.0.0.1:1/x", "see that it runs")] {
        for args in [&["keys", "list"][..], &["keys", "create", "--name", "ci"], &["usage"]] {
            let run = args.iter().fold(gateway().command([]), |command, arg| command.arg(arg));
            let finished = run.env("DATABASE_URL", url).run().await;
            assert_eq!((finished.code, finished.stdout.as_str()), (Some(1), ""), "{url}: {finished:?}");
            assert!(finished.stderr.contains(words) && !finished.stderr.contains("SECRET"), "{}", finished.stderr);
        }
    }
}
