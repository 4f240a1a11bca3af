//! Between client keys nothing is shared, unless the operator wants it.

use super::*;

const KEYS: &str = "first-key-SECRET,second-key-SECRET";

async fn ask(gateway: &Gateway, key: &str) -> Answer {
    gateway.request("POST", CHAT).bearer(key).json(&chat("gpt-4o-mini", "hi")).send().await
}

#[tokio::test]
async fn nothing_is_shared_between_client_keys() {
    let upstream = counting().start().await;
    let gateway = gateway().with(&upstream).env("CACHE_TTL_SECONDS", 60).env("GATEWAY_API_KEYS", KEYS).start().await;
    said(&ask(&gateway, "first-key-SECRET").await, "one", Some("miss"));
    said(&ask(&gateway, "second-key-SECRET").await, "two", Some("miss"));
    said(&ask(&gateway, "first-key-SECRET").await, "one", Some("hit"));
    said(&ask(&gateway, "second-key-SECRET").await, "two", Some("hit"));
    assert_eq!(ask(&gateway, "third-key").await.status, 401);
}

#[tokio::test]
async fn nor_while_it_is_under_way() {
    let upstream = upstream::openai().say(Reply::from([Say::Text("one")]).held()).start().await;
    let gateway = gateway().with(&upstream).env("CACHE_TTL_SECONDS", 60).env("GATEWAY_API_KEYS", KEYS).start().await;
    let (first, second) = (ask(&gateway, "first-key-SECRET"), ask(&gateway, "second-key-SECRET"));
    let release = async {
        upstream.wait_for_calls(2).await;
        upstream.release_many(2);
    };
    let (first, second, ()) = tokio::join!(first, second, release);
    said(&first, "one", Some("miss"));
    said(&second, "one", Some("miss"));
}

#[tokio::test]
async fn unless_the_operator_wants_it() {
    let upstream = counting().start().await;
    let settings = [("CACHE_TTL_SECONDS", "60"), ("GATEWAY_API_KEYS", KEYS), ("CACHE_SHARED", "true")];
    let builder =
        settings.into_iter().fold(gateway().with(&upstream), |builder, (name, value)| builder.env(name, value));
    let gateway = builder.start().await;
    said(&ask(&gateway, "first-key-SECRET").await, "one", Some("miss"));
    said(&ask(&gateway, "second-key-SECRET").await, "one", Some("hit"));
    assert_eq!(ask(&gateway, "third-key").await.status, 401, "the cache is no way in");
    assert_eq!(upstream.calls().len(), 1);
}
