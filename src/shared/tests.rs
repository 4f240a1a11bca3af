//! The board before servers that do what they should not. They are ours, so nothing here needs a real one.

use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};

use super::*;

static SCRIPT: Script = Script::new("return {1}");

/// Longer than anything takes that is bounded, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(10);

/// The board at a server that does this with each connection.
async fn board<F, W>(serve: F) -> Board
where
    F: Fn(TcpStream) -> W + Send + 'static,
    W: Future<Output = ()> + Send + 'static,
{
    at(&format!("redis://{}", server(serve).await))
}

/// The address of such a server.
async fn server<F, W>(serve: F) -> String
where
    F: Fn(TcpStream) -> W + Send + 'static,
    W: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}

fn at(url: &str) -> Board {
    Board::new(&Options { url: Some(Secret::new(url)) })
}

/// Answers each command, by its number on this connection.
async fn answer(mut stream: TcpStream, answer: impl Fn(usize, &str) -> String) {
    let mut buffer = vec![0; 64 * 1024];
    let mut at = 0;
    while let Ok(read) = stream.read(&mut buffer).await {
        if read == 0 {
            return;
        }
        let said = String::from_utf8_lossy(&buffer[..read]).into_owned();
        let answer = answer(at, &said);
        at += 1;
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Refuses everything in these words.
async fn refusing(words: &'static str) -> Board {
    board(move |stream| answer(stream, move |_, _| format!("-{words}\r\n"))).await
}

/// Waits until it is so.
async fn eventually(what: &str, so: impl Fn() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !so() {
        assert!(Instant::now() < until, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn without_redis_there_is_no_answer_and_no_wait() {
    let board = Board::new(&Options::default());
    assert!(!board.is_configured() && !board.is_up());
    assert_eq!(board.run(&SCRIPT, &[], &[]).await, None);
    assert_eq!(board.get("amg:x").await, None);
    assert!(board.look().await.is_none());
    timeout(PATIENCE, board.keep()).await.unwrap();
}

#[tokio::test]
async fn a_server_that_never_answers_costs_one_wait_and_then_none() {
    static ACCEPTED: AtomicUsize = AtomicUsize::new(0);
    let board = board(async |stream| {
        ACCEPTED.fetch_add(1, Ordering::Relaxed);
        let _open = stream;
        std::future::pending().await
    })
    .await;
    let began = Instant::now();
    assert_eq!(timeout(PATIENCE, board.get("amg:x")).await.unwrap(), None);
    assert!(began.elapsed() >= CALL, "it was waited for");
    // A million calls at 50 ms each would take the better part of a day.
    for _ in 0..1_000_000 {
        assert_eq!(board.get("amg:x").await, None);
    }
    assert_eq!(ACCEPTED.load(Ordering::Relaxed), 1);
    assert!(!board.is_up());
}

#[tokio::test]
async fn an_answer_that_comes_late_is_nobodys() {
    // The first connection answers its first command after the next one was sent.
    let board = board(async |mut stream: TcpStream| {
        let mut buffer = [0; 4096];
        let mut waiting = Vec::new();
        while let Ok(read) = stream.read(&mut buffer).await {
            let said = String::from_utf8_lossy(&buffer[..read]).into_owned();
            let key = ["amg:one", "amg:two"].into_iter().find(|key| said.contains(key)).unwrap_or("script");
            waiting.push(key);
            if key == "amg:one" {
                tokio::time::sleep(4 * CALL).await;
            }
            for key in waiting.drain(..) {
                let answer =
                    if key == "script" { "*1\r\n:1\r\n".into() } else { format!("${}\r\n{key}\r\n", key.len()) };
                if stream.write_all(answer.as_bytes()).await.is_err() || read == 0 {
                    return;
                }
            }
        }
    })
    .await;
    assert_eq!(board.get("amg:one").await, None);
    let keeper = board.clone();
    let keeping = tokio::spawn(async move { keeper.keep().await });
    eventually("Redis is back", || board.is_up()).await;
    for _ in 0..20 {
        assert_eq!(board.get("amg:two").await.as_deref(), Some(&b"amg:two"[..]));
    }
    keeping.abort();
}

#[tokio::test]
async fn garbage_is_no_answer() {
    for garbage in ["HTTP/1.1 400 Bad Request\r\n\r\n", "\0\0\0\0", "$99999999999999999999\r\n", ":x\r\n"] {
        let board = board(move |stream| answer(stream, move |_, _| garbage.to_owned())).await;
        assert_eq!(timeout(PATIENCE, board.get("amg:x")).await.unwrap(), None, "{garbage:?}");
        assert!(board.0.as_ref().unwrap().standing.is_away(), "{garbage:?}");
    }
}

#[tokio::test]
async fn a_server_that_says_it_cannot_is_left_aside() {
    for words in [
        "LOADING Redis is loading the dataset in memory",
        "READONLY You can't write against a read only replica.",
        "MASTERDOWN Link with MASTER is down",
        "OOM command not allowed when used memory > 'maxmemory'.",
        "MISCONF Redis is configured to save RDB snapshots",
        "NOREPLICAS Not enough good replicas to write.",
        "NOAUTH Authentication required.",
        "BUSY Redis is busy running a script.",
        "DENIED Redis is running in protected mode",
        "ERR max number of clients reached",
        "ERR Error running script (call to f_1): @user_script:1: -READONLY You can't write against a read only replica.",
    ] {
        let board = refusing(words).await;
        assert_eq!(board.run(&SCRIPT, &["amg:x"], &[1]).await, None, "{words}");
        assert!(board.0.as_ref().unwrap().standing.is_away(), "{words}");
    }
}

#[tokio::test]
async fn a_mistake_of_ours_leaves_the_board_open() {
    for words in ["ERR user_script:1: Script attempted to access nonexistent global variable", "WRONGTYPE Operation"] {
        let board = refusing(words).await;
        assert_eq!(board.run(&SCRIPT, &["amg:x"], &[1]).await, None, "{words}");
        assert!(!board.0.as_ref().unwrap().standing.is_away(), "{words}");
    }
}

#[tokio::test]
async fn a_script_that_redis_has_forgotten_is_sent_whole() {
    let board = board(|stream| {
        answer(stream, |_, said| match said.contains("EVALSHA") {
            true => "-NOSCRIPT No matching script. Please use EVAL.\r\n".to_owned(),
            false => "*2\r\n:4\r\n:2\r\n".to_owned(),
        })
    })
    .await;
    assert_eq!(board.run(&SCRIPT, &["amg:x"], &[1]).await, Some(vec![4, 2]));
    assert_eq!(SCRIPT.source(), "return {1}");
}

#[tokio::test]
async fn a_connection_that_was_closed_while_idle_is_opened_anew_within_the_call() {
    let board = board(async |mut stream: TcpStream| {
        let mut buffer = [0; 4096];
        // One answer, and away.
        if stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {
            stream.write_all(b"$2\r\nok\r\n").await.ok();
        }
    })
    .await;
    for _ in 0..20 {
        assert_eq!(board.get("amg:x").await.as_deref(), Some(&b"ok"[..]));
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(!board.0.as_ref().unwrap().standing.is_away());
}

#[tokio::test]
async fn a_refused_connection_is_a_failure_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let board = at(&format!("redis://:hunter2secret@127.0.0.1:{port}/3"));
    assert_eq!(board.get("amg:x").await, None);
    assert!(board.0.as_ref().unwrap().standing.is_away());
    let said = board.look().await.unwrap().unwrap_err();
    assert!(!said.contains("hunter2secret") && said.contains("refused"), "{said}");
}

#[tokio::test]
async fn the_password_is_not_said_though_the_server_quotes_it() {
    let quoting = |_, said: &str| format!("-WRONGPASS no such {}\r\n", said.replace("\r\n", " "));
    let address = server(move |stream| answer(stream, quoting)).await;
    let board = at(&format!("redis://user:p%40ss-word-1@{address}"));
    let said = board.look().await.unwrap().unwrap_err();
    assert!(!said.contains("p@ss-word-1") && !said.contains("p%40ss-word-1"), "{said}");
}

#[tokio::test]
async fn boards_apart_share_what_is_believed_and_not_the_connection() {
    let board = refusing("LOADING Redis is loading the dataset in memory").await;
    let other = board.apart();
    assert!(!Arc::ptr_eq(&board.0.as_ref().unwrap().line, &other.0.as_ref().unwrap().line));
    assert_eq!(board.get("amg:x").await, None);
    assert!(other.0.as_ref().unwrap().standing.is_away());
}

#[test]
fn addresses() {
    for good in ["redis://127.0.0.1", "redis://:pw@host:6380/2", "rediss://user:pw@host", "redis://[::1]:6379"] {
        assert!(is_address(good), "{good}");
    }
    for bad in
        ["", "host:6379", "http://host", "redis://host:port", "unix:///run/redis.sock", "rediss://host/#insecure"]
    {
        assert!(!is_address(bad), "{bad}");
    }
}
