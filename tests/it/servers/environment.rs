//! What children are given of the gateway's environment.

use super::*;

#[tokio::test]
async fn a_child_has_a_path_and_its_own_variables_and_none_of_the_gateways_keys() {
    let (upstream, database) = (upstream::openai().start().await, sqlite());
    let env = json!({
        "TOKEN": "${FILES_TOKEN}",
        "FROM_FILE": "x-${OF_DOTENV}-y",
        "DEFAULT": "${NOBODY_SETS_THIS:-seven}",
        "PLAIN": "$HOME {}",
    });
    let servers = servers().stdio("files", &[]).field("files", "env", env);
    let builder = gateway().mcp(&servers).with(&upstream).database(&database);
    let gateway = builder
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("GATEWAY_API_KEYS", "sk-client-SECRET-1")
        .env("GATEWAY_API_KEY", "sk-client-SECRET-2")
        .env("REDIS_URL", "redis://:redis-SECRET@127.0.0.1:1")
        .env("ANTHROPIC_API_KEY", "sk-ant-test-SECRET")
        .env("FILES_TOKEN", "files-token-SECRET")
        .env("ANYTHING_ELSE", "SECRET-of-nobody")
        .file(".env", "OF_DOTENV=of-dotenv\nOPENROUTER_API_KEY=sk-or-SECRET\n")
        .start()
        .await;
    let client = mcp(&gateway).key("sk-client-SECRET-1").connect().await;
    let told = called(&client, "files", "env").await;
    let of = |name: &str| told["structuredContent"][name].as_str().unwrap_or_default().to_owned();
    assert!(of("PATH").contains("/usr/bin"), "{told}");
    assert_eq!(of("TOKEN"), "files-token-SECRET");
    assert_eq!(
        (of("FROM_FILE"), of("DEFAULT"), of("PLAIN")),
        ("x-of-dotenv-y".into(), "seven".into(), "$HOME {}".into())
    );
    for name in [
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "ANTHROPIC_API_KEY",
        "OPENROUTER_API_KEY",
        "GATEWAY_API_KEYS",
        "GATEWAY_API_KEY",
        "DATABASE_URL",
        "REDIS_URL",
        "FILES_TOKEN",
        "OF_DOTENV",
        "ANYTHING_ELSE",
    ] {
        assert!(told["structuredContent"].get(name).is_none(), "{name} reaches the child");
    }
    let log = gateway.log();
    assert!(!log.contains("SECRET"), "{log}");
}

#[tokio::test]
async fn a_child_runs_in_its_folder_or_the_gateways() {
    let elsewhere = tempfile::tempdir().expect("a folder");
    let folder = elsewhere.path().to_str().expect("a path of text");
    let servers = servers().stdio("there", &[]).field("there", "cwd", json!(folder)).stdio("here", &[]);
    let gateway = gateway().mcp(&servers).start().await;
    for (name, expected) in [("there", elsewhere.path()), ("here", gateway.folder())] {
        let started = servers.journal(name).wait_for("started", 1).await;
        let expected = expected.canonicalize().expect("a folder");
        assert_eq!(started["folder"], expected.to_str().expect("a path of text"));
    }
}
