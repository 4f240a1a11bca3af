//! Several processes start together on a database that has no tables yet.

use super::*;

#[tokio::test]
async fn all_come_up_quickly_and_quietly() {
    for database in databases().await {
        let openai = openai().start().await;
        let starts = (0..6).map(|_| {
            let gateway = gateway().with(&openai).database(&database);
            tokio::spawn(async move { gateway.start().await })
        });
        let mut all = Vec::new();
        for start in starts.collect::<Vec<_>>() {
            all.push(start.await.expect("it starts"));
        }
        for gateway in &all {
            database_is(gateway, true).await;
            assert_eq!(gateway.chat("gpt-4o-mini", "hello").await.status, 200);
            assert!(!gateway.log().contains("the database cannot be had"), "{}", gateway.log());
        }
        in_time("a record of each", async {
            while database.count("llm_logs").await < 6 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
        assert_eq!(database.count("_sqlx_migrations").await, 1);
    }
}

#[tokio::test]
async fn a_binary_goes_on_beside_tables_of_a_newer_one() {
    for database in databases().await {
        let mut first = gateway().database(&database).start().await;
        database_is(&first, true).await;
        first.signal(nix::sys::signal::Signal::SIGTERM);
        first.exit().await;
        database
            .run(
                "ALTER TABLE feature_flags ADD COLUMN newer text;
                 INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                 VALUES (9999, 'newer', true, '00', 1)",
            )
            .await;
        let second = gateway().database(&database).start().await;
        database_is(&second, true).await;
        set(&database, r#"{"fal":0.3,"runware":0.7}"#).await;
        weights(&second, &[("fal", 0.3)]).await;
    }
}

#[tokio::test]
async fn an_ordinary_user_of_postgresql_makes_the_tables_and_one_without_rights_stops_no_request() {
    let Some(database) = postgres().await else { return };
    let name = database.url().rsplit_once('/').expect("a database").1.to_owned();
    let (owner, reader) = (format!("{name}_owner"), format!("{name}_reader"));
    database
        .run(&format!(
            "CREATE ROLE {owner} LOGIN; ALTER DATABASE {name} OWNER TO {owner}; CREATE ROLE {reader} LOGIN;
             REVOKE ALL ON SCHEMA public FROM PUBLIC; GRANT USAGE ON SCHEMA public TO {reader}"
        ))
        .await;
    let as_user = |user: &str| {
        let url = database.url();
        let host = url.rsplit_once('@').expect("a user").1;
        Database::Postgres(format!("postgres://{user}@{host}"))
    };
    let openai = openai().start().await;
    let locked_out = gateway().with(&openai).database(&as_user(&reader)).start().await;
    locked_out.wait_for_log("the database cannot be had").await;
    assert_eq!(locked_out.chat("gpt-4o-mini", "hello").await.status, 200);
    let gateway = gateway().with(&openai).database(&as_user(&owner)).start().await;
    database_is(&gateway, true).await;
    // Now the tables are there, and may be read: flags are followed, records wait.
    database.run(&format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {reader}")).await;
    set(&database, r#"{"fal":0.3,"runware":0.7}"#).await;
    weights(&locked_out, &[("fal", 0.3)]).await;
    locked_out.wait_for_log("the database takes no records").await;
    assert_eq!(locked_out.chat("gpt-4o-mini", "hello").await.status, 200);
    assert_eq!(told(&locked_out, "the database takes no records"), 1);
    database.run(&format!("GRANT ALL ON ALL TABLES IN SCHEMA public TO {reader}")).await;
    in_time("the records that waited", async {
        while database.count("llm_logs").await < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    database_is(&locked_out, true).await;
}
