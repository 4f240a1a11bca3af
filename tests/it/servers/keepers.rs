//! The process that ends the children of a gateway that was killed.

use super::*;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

#[tokio::test]
async fn there_is_none_without_children() {
    let web = http_server(&[]).await;
    let gateway = gateway().mcp(&servers().http("web", &web)).start().await;
    assert!(gateway.tools("/mcp").await.contains(&"web__echo".to_owned()));
    assert_eq!(keepers_of(gateway.pid()), [0; 0]);
}

#[tokio::test]
async fn one_that_is_killed_is_replaced_and_reaped() {
    let servers = servers().stdio("files", &["--ignore-eof", "--ignore-term", "--fork"]);
    let mut gateway = gateway().mcp(&servers).start().await;
    let client = mcp(&gateway).connect().await;
    called(&client, "files", "echo").await;
    let first = keepers_of(gateway.pid())[0];
    kill(Pid::from_raw(first), Signal::SIGKILL).expect("it runs");
    let others = || keepers_of(gateway.pid()).into_iter().filter(|keeper| *keeper != first).count();
    eventually("another keeper", || others() == 1).await;
    assert!(!is_zombie(first));
    gateway.signal(Signal::SIGKILL);
    gateway.exit().await;
    servers.journal("files").wait_for_the_end().await;
}

#[tokio::test]
async fn a_signal_to_all_processes_does_not_end_it_before_its_work() {
    let servers = servers().stdio("files", &["--ignore-eof", "--ignore-term"]);
    let mut gateway = gateway().mcp(&servers).start().await;
    let client = mcp(&gateway).connect().await;
    called(&client, "files", "echo").await;
    let keeper = keepers_of(gateway.pid())[0];
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        kill(Pid::from_raw(keeper), signal).expect("it runs");
    }
    gateway.signal(Signal::SIGKILL);
    gateway.exit().await;
    servers.journal("files").wait_for_the_end().await;
    eventually("the keeper to end itself", || !runs(keeper)).await;
}
