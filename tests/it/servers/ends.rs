//! The end of the gateway, in its own time or not: no process is left behind.

use super::*;
use nix::sys::signal::Signal;

/// Ends only by force, and has a child of its own that does so too.
const STUBBORN: [&str; 3] = ["--ignore-eof", "--ignore-term", "--fork"];
/// How soon everything must have ended; nominally three seconds.
const SOON: Duration = Duration::from_secs(10);

fn stubborn() -> Servers {
    servers().stdio("stubborn", &STUBBORN).stdio("mild", &[])
}

/// Waits until both are up.
async fn both_up(gateway: &Gateway) {
    let both = |tools: &[String]| ["stubborn__echo", "mild__echo"].iter().all(|tool| tools.contains(&(*tool).into()));
    gateway.wait_for_tools("/mcp", "both servers", both).await;
}

/// Nothing of the servers runs any more, and nobody waits to be reaped by the gateway.
async fn check_ended(servers: &Servers, since: Instant) {
    for name in ["stubborn", "mild"] {
        let journal = servers.journal(name);
        journal.wait_for_the_end().await;
        assert_eq!(journal.of("started").len(), 1, "{:#?}", journal.all());
    }
    assert_eq!(servers.journal("stubborn").of("grandchild").len(), 1);
    assert!(since.elapsed() < SOON, "{:?}", since.elapsed());
}

#[tokio::test]
async fn a_gateway_that_is_asked_to_end_ends_children_and_grandchildren() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let servers = stubborn();
        let mut gateway = gateway().mcp(&servers).start().await;
        both_up(&gateway).await;
        let began = Instant::now();
        gateway.signal(signal);
        assert_eq!(gateway.exit().await.code(), Some(0), "{}", gateway.log());
        check_ended(&servers, began).await;
        for name in ["stubborn", "mild"] {
            let pid = servers.journal(name).of("started")[0]["pid"].as_i64().expect("a process id") as i32;
            assert!(!is_zombie(pid), "{name} was not reaped");
        }
        assert_eq!(servers.journal("mild").of("eof").len(), 1, "it may end by itself");
    }
}

#[tokio::test]
async fn a_gateway_that_is_killed_leaves_nobody_behind() {
    let servers = stubborn();
    let mut gateway = gateway().mcp(&servers).start().await;
    both_up(&gateway).await;
    let keepers = keepers_of(gateway.pid());
    assert_eq!(keepers.len(), 1);
    let began = Instant::now();
    gateway.signal(Signal::SIGKILL);
    gateway.exit().await;
    check_ended(&servers, began).await;
    eventually("the keeper to end itself", || !runs(keepers[0])).await;
}

#[tokio::test]
async fn a_client_of_stdio_that_hangs_up_ends_everything() {
    let servers = stubborn();
    let client = mcp_over_stdio(gateway().command(["mcp"]).mcp(&servers)).connect().await;
    called(&client, "stubborn", "echo").await;
    called(&client, "mild", "echo").await;
    let began = Instant::now();
    client.hang_up();
    assert_eq!(client.exit_code().await, Some(0), "{}", client.process().stderr());
    check_ended(&servers, began).await;
    client.assert_only_messages();
}

#[tokio::test]
async fn a_client_of_stdio_that_hangs_up_before_anything_is_up_ends_everything() {
    let servers = servers();
    let never = servers.file_beside("never");
    let servers = servers.stdio("late", &["--start-when", &never, "--ignore-term"]);
    let client = mcp_over_stdio(gateway().command(["mcp"]).mcp(&servers)).connect().await;
    servers.journal("late").wait_for("started", 1).await;
    let began = Instant::now();
    client.hang_up();
    assert_eq!(client.exit_code().await, Some(0), "{}", client.process().stderr());
    servers.journal("late").wait_for_the_end().await;
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_process_on_stdio_that_is_killed_leaves_nobody_behind() {
    let servers = stubborn();
    let client = mcp_over_stdio(gateway().command(["mcp"]).mcp(&servers)).connect().await;
    called(&client, "stubborn", "echo").await;
    called(&client, "mild", "echo").await;
    let keepers = keepers_of(client.process().pid());
    let began = Instant::now();
    client.signal(Signal::SIGKILL);
    assert_eq!(client.exit_code().await, None);
    check_ended(&servers, began).await;
    eventually("the keeper to end itself", || keepers.iter().all(|keeper| !runs(*keeper))).await;
}
