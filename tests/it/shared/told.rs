//! What the start, `/health` and `check` tell of Redis.

use std::process::Command;

use super::*;
use crate::kit::upstream::openai;

#[tokio::test]
async fn health_tells_of_redis_without_any_request() {
    let Some(mut redis) = redis().await else { return };
    let openai = openai().always(ok()).start().await;
    let gateway = gateway().with(&openai).redis(&redis).start().await.checked().await;
    redis_is(&gateway, true).await;
    status_is(&gateway, "ok").await;
    redis.kill();
    redis_is(&gateway, false).await;
    status_is(&gateway, "degraded").await;
    assert_eq!(gateway.get("/health/ready").await.status, 200);
    redis.restart().await;
    redis_is(&gateway, true).await;
    status_is(&gateway, "ok").await;
    assert_eq!(gateway.log().matches("Redis cannot be had").count(), 1);
    // Lines are written behind the work that they tell of.
    eventually("both lines", || gateway.log().matches("Redis is ready").count() == 2).await;
}

#[tokio::test]
async fn a_gateway_whose_redis_is_absent_listens_and_serves_at_once() {
    let openai = openai().always(ok()).start().await;
    for address in ["127.0.0.1:1", "192.0.2.1:6379", "no-such-host.invalid:6379"] {
        let gateway = gateway().with(&openai).env("REDIS_URL", format!("redis://{address}")).start().await;
        assert_eq!(gateway.chat("gpt-4o", "hello").await.status, 200);
        gateway.wait_for_log("Redis cannot be had").await;
        redis_is(&gateway, false).await;
    }
}

#[tokio::test]
async fn a_password_is_used_and_never_said() {
    let password = "redis-SECRET-1234";
    let Some(redis) = redis_with(&["--requirepass", password]).await else { return };
    let openai = openai().always(ok()).start().await;
    let url = |password: &str| format!("redis://:{password}@{}", redis.address());
    let right = gateway().with(&openai).env("REDIS_URL", url(password)).env("LOG_LEVEL", "debug").start().await;
    redis_is(&right, true).await;
    right.chat("gpt-4o", "hello").await;
    right.assert_no_secrets();
    assert!(!right.log().contains(password));
    let wrong = gateway().with(&openai).env("REDIS_URL", url("wrong-SECRET-5678")).start().await;
    wrong.wait_for_log("Redis cannot be had").await;
    assert_eq!(wrong.chat("gpt-4o", "hello").await.status, 200);
    assert!(!wrong.log().contains("wrong-SECRET-5678"));
    wrong.assert_no_secrets();
}

#[tokio::test]
async fn check_tells_of_the_database_and_of_redis() {
    let Some(mut redis) = redis_with(&["--requirepass", "redis-SECRET-1234"]).await else { return };
    let openai = openai().always(ok()).start().await;
    let check = async |name: &str, value: &str| {
        let finished = gateway().with(&openai).env(name, value).command(["check"]).run().await;
        assert_eq!(finished.code, Some(0), "{finished:?}");
        let said = finished.stdout + &finished.stderr;
        assert!(!said.contains("SECRET"), "{said}");
        said
    };
    let url = format!("redis://:redis-SECRET-1234@{}", redis.address());
    let said = check("REDIS_URL", &url).await;
    assert!(said.contains("\ndatabase: ✅ Available (SQLite)\nredis: ✅ Available\n"), "{said}");
    let said = check("REDIS_URL", &url.replace("1234", "5678")).await;
    assert!(said.contains("\nredis: ❌ Unavailable ("), "{said}");
    redis.kill();
    let said = check("REDIS_URL", &url).await;
    assert!(said.contains("\nredis: ❌ Unavailable (") && said.contains("refused"), "{said}");
    let said = check("DATABASE_URL", "off").await;
    assert!(said.contains("\ndatabase: ❌ Unavailable (not configured: DATABASE_URL is off)\n"), "{said}");
    assert!(said.contains("\nredis: ❌ Unavailable (not configured: REDIS_URL is unset)\n"), "{said}");
    let said = check("DATABASE_URL", "postgres://user:pg-SECRET-1234@127.0.0.1:1/none").await;
    assert!(said.contains("\ndatabase: ❌ Unavailable ("), "{said}");
}

#[tokio::test]
async fn an_encrypted_way_is_taken_where_its_certificate_is_trusted() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (key, certificate) = (file("key.pem"), file("certificate.pem"));
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "9"]);
    openssl.args(["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]);
    openssl.args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout", &key, "-out", &certificate]);
    if !openssl.output().is_ok_and(|made| made.status.success()) {
        return eprintln!("no certificate could be made: openssl is missing");
    }
    let port = free_port().to_string();
    let args =
        ["--tls-port", &port, "--tls-cert-file", &certificate, "--tls-key-file", &key, "--tls-auth-clients", "no"];
    let Some(redis) = redis_with(&args).await else { return };
    let openai = openai().always(ok()).start().await;
    let url = format!("rediss://127.0.0.1:{port}");
    let trusting = gateway().with(&openai).env("REDIS_URL", &url).env("SSL_CERT_FILE", &certificate).start().await;
    redis_is(&trusting, true).await;
    assert_eq!(redis.keys().await, ["amg:look"]);
    let wary = gateway().with(&openai).env("REDIS_URL", &url).start().await;
    wary.wait_for_log("Redis cannot be had").await;
    assert!(wary.log().contains("certificate"), "{}", wary.log());
    assert_eq!(wary.chat("gpt-4o", "hello").await.status, 200);
}
