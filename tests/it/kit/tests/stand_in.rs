//! The gateway's process, its clock and its callers, with a shell script in the binary's place whose address is an
//! upstream's.

use super::*;
use std::time::Duration;

const SCRIPT: &str = r#"
echo "2026-11-20 INFO starting with $OPENAI_API_KEY" >&2
echo "2026-11-20 INFO API server started on $UPSTREAM" >&2
while read -r word ms; do
    [ "$word" = advance ] && echo "$ms" >> steps && echo advanced
done
exit 3
"#;

/// The script in the gateway's place, in front of the upstream.
fn stand_in(upstream: &Upstream) -> GatewayBuilder {
    gateway().program("/bin/sh").command(["-c", SCRIPT]).with(upstream).env("UPSTREAM", upstream.url())
}

#[tokio::test]
async fn a_process_is_started_called_stepped_and_ended() {
    let server = upstream::openai_compatible().start().await;
    let mut gateway: Gateway = stand_in(&server).file("note", "a note").start().await;
    check(&gateway.chat("m", "hi").await, "hello from compatible", None, [&server]);
    assert_eq!(gateway.stream("m", "hi").await.text(), "hello from compatible");
    let mut live = gateway.open("m", "hi").await;
    assert_eq!(live.text().await, "hello ");
    assert_eq!(gateway.post("/v1/chat/completions", chat("m", "hi")).await.provider(), None);
    server.switch(Reply::from(Say::Text("x")).header("x-gateway-attempts", 2).header("x-gateway-model", "m"));
    let answer = gateway.chat("m", "hi").await;
    assert_eq!((answer.attempts(), answer.model()), (Some(2), Some("m")));

    let caller = gateway.caller();
    let (_, answer) = tokio::join!(gateway.advance(Duration::from_secs(60)), caller.chat("m", "hi"));
    assert_eq!(answer.text(), "x");
    gateway.advance(Duration::from_millis(5)).await;
    let steps = std::fs::read_to_string(gateway.folder().join("steps")).expect("the script wrote it");
    assert_eq!(steps, "60000\n5\n");
    assert_eq!(std::fs::read(gateway.folder().join("note")).expect("a note"), b"a note");

    gateway.wait_for_log("API server started").await;
    assert!(gateway.rss_kib() > 0 && gateway.pid() > 0);
    gateway.assert_no_secrets();
    let again = stand_in(&server).in_folder_of(&gateway).start().await;
    assert_eq!(again.folder(), gateway.folder());
    gateway.signal(nix::sys::signal::Signal::SIGTERM);
    assert_eq!(gateway.exit().await.code(), None);
    let folder = gateway.folder().to_owned();
    drop((gateway, again));
    assert!(!folder.exists());
}

#[tokio::test]
async fn every_front_is_called_in_its_own_form() {
    let openai = upstream::openai().start().await;
    let anthropic = upstream::anthropic().start().await;
    let gateway = stand_in(&anthropic).start().await;
    assert_eq!(gateway.messages("m", "hi").await.text(), "hello from anthropic");
    assert_eq!(gateway.stream_messages("m", "hi").await.text(), "hello from anthropic");
    let caller = Caller::new(&openai.url());
    assert_eq!(caller.responses("m", "hi").await.status, 401);
    assert_eq!(caller.stream_responses("m", "hi").await.status, 401);
    assert_eq!(openai.calls()[1].json["stream"], true);
}

#[tokio::test]
#[should_panic(expected = "sk-test-openai-SECRET stands in stderr")]
async fn a_key_in_the_log_is_found() {
    let openai = upstream::openai().start().await;
    stand_in(&openai).start().await.assert_no_secrets();
}

#[tokio::test]
#[should_panic(expected = "no line that tells the address")]
async fn a_gateway_that_ends_at_once_fails_with_its_output() {
    gateway().program("/bin/sh").command(["-c", "echo broken >&2; exit 2"]).start().await;
}

#[tokio::test]
async fn a_command_is_run_to_its_end() {
    let command = gateway().program("/bin/sh").command(["-c", "read -r line; echo out; echo err >&2; exit 7"]);
    let finished: Finished = command.run().await;
    assert_eq!((finished.code, finished.stdout.as_str(), finished.stderr.as_str()), (Some(7), "out\n", "err\n"));
    let names = gateway().program("/usr/bin/env").command([]).arg("-u").arg("GONE").env("GIVEN", 1).run().await;
    assert!(names.stdout.contains("GIVEN=1\n") && !names.stdout.contains("HOME="), "{}", names.stdout);
    let process: Process = gateway().program("/bin/sh").command(["-c", "read -r x; echo got $x"]).spawn();
    process.write_line("it");
    process.wait_for_stdout("an echo", |text| text == "got it\n").await;
}
