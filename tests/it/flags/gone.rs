//! The database goes, hangs, is exchanged for another one, and comes back.

use std::path::PathBuf;

use super::*;

/// How soon a change of the database's state is known: 1.4 s, and what a busy machine adds.
const SOON: Duration = Duration::from_secs(4);

#[tokio::test]
async fn postgresql_that_hangs_or_goes_is_noticed_and_read_anew_when_it_is_back() {
    let Some(database) = postgres().await else { return };
    let wall = wall(&database.address()).await;
    let gateway = gateway().database(&database.by(&wall.address())).start().await;
    database_is(&gateway, true).await;
    let mut share = 0.5;
    for hang in [true, false, true, false] {
        if hang {
            wall.freeze()
        } else {
            wall.cut()
        }
        let took = database_is(&gateway, false).await;
        assert!(took < SOON, "noticed after {took:?}\n{}", gateway.log());
        // A change that nobody heard of.
        share /= 2.0;
        set(&database, &format!(r#"{{"fal":{share},"runware":{}}}"#, 1.0 - share)).await;
        wall.open();
        let took = database_is(&gateway, true).await + weights(&gateway, &[("fal", share)]).await;
        assert!(took < SOON, "back after {took:?}\n{}", gateway.log());
    }
    assert_eq!(told(&gateway, "the database is away"), 4, "{}", gateway.log());
}

/// Where a database of SQLite is kept.
fn path(database: &Database) -> PathBuf {
    database.url().trim_start_matches("sqlite://").into()
}

#[tokio::test]
async fn a_file_that_is_taken_away_is_noticed_and_so_is_one_in_its_place() {
    let database = sqlite();
    let path = path(&database);
    let openai = openai().start().await;
    let gateway = gateway().with(&openai).database(&database).start().await;
    database_is(&gateway, true).await;
    set(&database, r#"{"fal":0.5,"runware":0.5}"#).await;
    weights(&gateway, &[("fal", 0.5)]).await;
    let aside = path.with_extension("aside");
    std::fs::rename(&path, &aside).unwrap();
    let took = database_is(&gateway, false).await;
    assert!(took < SOON, "{took:?}");
    assert_eq!(gateway.chat("gpt-4o-mini", "hello").await.status, 200);
    assert_eq!(weight(&gateway, "fal").await, Some(0.5), "the last good ones");
    assert!(!path.exists(), "nobody makes a file where one was taken away");
    // An empty file in its place gets tables, and the record that waited.
    std::fs::remove_file(path.with_extension("db-wal")).ok();
    std::fs::remove_file(path.with_extension("db-shm")).ok();
    std::fs::write(&path, "").unwrap();
    let took = database_is(&gateway, true).await;
    assert!(took < SOON, "{took:?}");
    weights(&gateway, &[("fal", 1.0), ("runware", 0.0)]).await;
    in_time("the record", async {
        while database.count("llm_logs").await < 1 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    set(&database, r#"{"fal":0.1,"runware":0.9}"#).await;
    weights(&gateway, &[("fal", 0.1)]).await;
}
