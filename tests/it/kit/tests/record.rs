//! What an upstream remembers; waits, stalls and endless streams.

use super::*;

#[tokio::test]
async fn calls_are_kept_as_they_came() {
    let openai = upstream::openai().start().await;
    let body = r#"{ "model":"m",  "messages":[] }"#;
    let caller = Caller::new(&openai.url());
    let headers = [("authorization", "Bearer sk-1"), ("x-odd", "yes")];
    caller.post_raw("/v1/chat/completions?beta=true", body, &headers).await;
    let call: Call = openai.last_call();
    assert_eq!(
        (call.method.as_str(), call.path.as_str(), call.query.as_str()),
        ("POST", "/v1/chat/completions", "beta=true")
    );
    assert_eq!((call.header("x-odd"), call.key(), call.model()), (Some("yes"), Some("sk-1"), "m"));
    assert_eq!((call.body.as_slice(), &call.json["messages"]), (body.as_bytes(), &json!([])));
}

#[tokio::test]
async fn a_chunked_request_is_read() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let server = upstream::openai_compatible().start().await;
    let mut socket = Caller::new(&server.url()).connect().await;
    let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    for part in [head, "a\r\n{\"model\":\"\r\n", "11\r\nm\",\"messages\":[]}\r\n", "0\r\n\r\n"] {
        socket.write_all(part.as_bytes()).await.expect("the server reads");
    }
    let mut answer = [0; 15];
    socket.read_exact(&mut answer).await.expect("the server answers");
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
    assert_eq!(server.last_call().model(), "m");
}

#[tokio::test]
async fn the_order_among_upstreams_is_known() {
    let (first, second) = (upstream::openai().start().await, upstream::openrouter().start().await);
    check_not_called([&first, &second]);
    let answer = whole(&first).await;
    check(&answer, "hello from openai", None, [&first]);
    whole(&second).await;
    check_called([&first, &second]);
    first.forget();
    check_not_called([&first]);
    assert_eq!((first.calls().len(), first.probes().len(), first.bytes_sent()), (0, 0, 0));
    second.switch(invalid_key());
    check_error(&request(&first, &json!([])).send().await, 400, "");
}

#[tokio::test]
async fn a_stall_lasts_until_the_client_leaves() {
    for stall in [stall_before_head(), stall_after_head(), Reply::exactly([Say::Text("hi"), Say::Stall])] {
        let openai = upstream::openai().say(stall).start().await;
        let client = tokio::spawn(request(&openai, &streamed(chat("m", "hi"))).try_send());
        openai.wait_for_calls(1).await;
        assert_eq!((openai.under_way(), openai.disconnects(), client.is_finished()), (1, 0, false));
        client.abort();
        openai.wait_for_disconnects(1).await;
        assert_eq!((openai.under_way(), openai.disconnects()), (0, 1));
    }
}

#[tokio::test]
async fn a_wait_lasts_until_the_test_releases_it() {
    let said = [Say::Text("one"), Say::Wait, Say::Text("two"), Say::Done];
    let openai = upstream::openai().stream(said).start().await;
    let mut live = open(&openai).await;
    assert_eq!((live.status, live.headers["x-request-id"].to_str().ok()), (200, Some("req_openai_1")));
    assert_eq!(live.text().await, "one");
    openai.release();
    assert_eq!(live.event().await.text(), "two");
    assert_eq!(live.rest().await.last().map(|event| event.data.clone()), Some("[DONE]".to_owned()));

    openai.switch(Reply::from(Say::Text("hi")).held());
    let clients = [1, 2].map(|_| tokio::spawn(request(&openai, &chat("m", "hi")).send()));
    openai.wait_for_calls(3).await;
    assert_eq!((openai.under_way(), openai.most_under_way()), (2, 2));
    openai.release_many(2);
    for client in clients {
        assert_eq!(client.await.expect("an answer").text(), "hi");
    }
    openai.switch([Say::Wait, Say::Text("hi")]);
    openai.release();
    assert_eq!(whole(&openai).await.text(), "hi");
}

#[tokio::test]
async fn an_endless_stream_blocks_when_nobody_reads() {
    let openai = upstream::openai().stream([Say::Role, Say::Endless]).start().await;
    let mut live = open(&openai).await;
    assert_eq!(live.text().await.len(), 1024);
    openai.wait_for_bytes(64 * 1024).await;
    let blocked = settled(|| openai.bytes_sent()).await;
    assert_eq!(settled(|| openai.bytes_sent()).await, blocked);
    while openai.bytes_sent() == blocked {
        live.text().await;
    }
    drop(live);
    openai.wait_for_disconnects(1).await;
}

#[tokio::test]
async fn waiting_has_an_end() {
    let mut looks = 0;
    eventually("the third look", || {
        looks += 1;
        looks == 3
    })
    .await;
    assert_eq!(in_time("nothing", async { looks }).await, 3);
    assert!(PATIENCE.as_secs() >= 10);
}
