//! Clients of both eras, over both transports.

use super::*;
use serde_json::json;

#[tokio::test]
async fn a_client_of_either_era_calls_a_tool_over_http() {
    let gateway = gateway().arg("--mock").start().await;
    for era in Era::ALL {
        let client = mcp(&gateway).era(era).connect().await;
        let names: Vec<_> = client.tools().await.iter().map(|tool| tool["name"].clone()).collect();
        assert!(names.contains(&json!("list_models")), "{names:?}");
        let told = client.call("list_models", json!({})).await;
        assert_eq!(told["isError"], json!(false), "{told}");
        if era == Era::Legacy {
            assert!(client.session().is_some());
            client.open_stream().await;
            assert_eq!(client.request("ping", json!({})).await.result(), json!({}));
        }
        assert_eq!(client.request("resources/read", json!({"uri": "gateway://nothing"})).await.code() / 1000, -32);
    }
}

#[tokio::test]
async fn a_client_of_either_era_calls_a_tool_over_stdio() {
    for era in Era::ALL {
        let client = over_stdio(gateway()).era(era).connect().await;
        let told = client.call("list_models", json!({})).await;
        assert_eq!(told["isError"], json!(false), "{told}");
        client.hang_up();
        assert_eq!(client.exit_code().await, Some(0));
        client.assert_only_messages();
    }
}

#[tokio::test]
async fn every_revision_of_the_legacy_era_is_spoken() {
    let gateway = gateway().start().await;
    for (asked, told) in [
        ("2024-11-05", "2024-11-05"),
        ("2025-03-26", "2025-03-26"),
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        // The next one knows no `initialize`, and the others nobody knows.
        ("2026-07-28", "2025-11-25"),
        ("1999-12-31", "2025-11-25"),
        ("latest", "2025-11-25"),
    ] {
        for over_http in [true, false] {
            let client = match over_http {
                true => mcp(&gateway),
                false => over_stdio(crate::kit::gateway()),
            };
            let client = client.version(asked).start();
            let outcome = client.initialize().await;
            assert_eq!(outcome.clone().result()["protocolVersion"], told, "{asked}: {outcome:?}");
            if asked == told {
                good(&client, "list_models", json!({})).await;
            }
        }
    }
}

#[tokio::test]
async fn the_first_word_of_a_modern_client_is_answered_without_a_session() {
    let everywhere = everywhere(gateway).await;
    for client in everywhere.clients.iter().filter(|client| client.spoken() == Era::Modern) {
        let told = client.request("server/discover", json!({})).await.result();
        let versions = told["supportedVersions"].as_array().unwrap();
        assert!(versions.contains(&json!("2026-07-28")), "{told}");
        assert_eq!(told["resultType"], "complete");
        assert!(told["instructions"].as_str().unwrap().contains("explain_route"), "{told}");
    }
}
