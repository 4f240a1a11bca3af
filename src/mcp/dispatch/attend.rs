//! The client's side of a request under way: notes are passed on to it, and questions put to it.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rmcp::ErrorData;
use rmcp::model::{ClientCapabilities, ClientResult, InputRequests, InputResponses, ProgressToken, ServerNotification};
use rmcp::model::{LoggingMessageNotification, ProgressNotification};
use rmcp::service::{Peer, PeerRequestOptions, RequestContext, RoleServer, ServiceError};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::failure::Failure;
use super::flight::{Done, Flight, Open};
use super::gone::Patience;
use crate::mcp::upstream::Era;
use crate::mcp::upstream::ask::Ask;
use crate::mcp::upstream::notes::{Note, Pace};
use crate::mcp::upstream::relay::Question;

/// Questions that come so soon after one another are put to a modern client together.
const TOGETHER: Duration = Duration::from_millis(25);
/// How long a client may take to read what came before its answer.
const READING: Duration = Duration::from_secs(5);

/// Why a request is attended to no longer.
pub(super) enum Attended {
    /// It is over.
    Done(Done),
    /// A modern client has to answer first.
    Asks,
}

/// Passes on what comes of `flight`, until it is over or its client has to answer. To be called from the task that
/// handles the client's request: questions to a legacy client go the way of that request.
pub(super) async fn attend(
    flight: &mut Flight,
    context: &RequestContext<RoleServer>,
    patience: &Patience,
    era: Era,
) -> Attended {
    let token = context.meta.get_progress_token();
    let mut pace = Pace::default();
    let mut asking = FuturesUnordered::new();
    let mut until = (!flight.open.is_empty()).then(Instant::now);
    loop {
        tokio::select! {
            biased;
            () = patience.ends() => return Attended::Done(Err(Failure::Gone)),
            Some(question) = flight.questions.recv() => match question {
                Question::Ask(ask, reply) if era == Era::Modern => {
                    flight.asked += 1;
                    flight.open.push(Open { key: format!("ask-{}", flight.asked), ask, reply });
                    until.get_or_insert_with(|| Instant::now() + TOGETHER);
                }
                Question::Ask(ask, reply) => asking.push(put(&context.peer, ask, reply)),
                Question::Lacks(needed) if era == Era::Modern => {
                    // What is not declared is never asked for, and the client can change that (docs: protocols/mcp.md, 2).
                    let error = ErrorData::missing_required_client_capability(*needed);
                    return Attended::Done(Err(Failure::Refused(error)));
                }
                Question::Lacks(_) => {}
            },
            done = &mut flight.done => {
                let telling = async {
                    for note in flight.notes.rest(&mut pace) {
                        tell(&context.peer, token.as_ref(), &mut pace, note).await;
                    }
                };
                tokio::select! {
                    () = telling => {}
                    () = patience.ends() => return Attended::Done(Err(Failure::Gone)),
                    () = tokio::time::sleep(READING) => {}
                }
                return Attended::Done(done.unwrap_or_else(|_| Err(Failure::Broken("its connection is gone".into()))));
            }
            Some(()) = asking.next(), if !asking.is_empty() => {}
            () = tokio::time::sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => {
                // A server may have given up asking.
                flight.open.retain(|open| !open.reply.is_closed());
                if !flight.open.is_empty() {
                    return Attended::Asks;
                }
                until = None;
            }
            note = flight.notes.next(&mut pace) => tokio::select! {
                () = tell(&context.peer, token.as_ref(), &mut pace, note) => {}
                () = patience.ends() => return Attended::Done(Err(Failure::Gone)),
            },
        }
    }
}

async fn tell(client: &Peer<RoleServer>, token: Option<&ProgressToken>, pace: &mut Pace, note: Note) {
    let note = match note {
        Note::Progress(mut note) => {
            let Some(token) = token.filter(|_| pace.rises(note.progress)) else { return };
            note.progress_token = token.clone();
            ServerNotification::ProgressNotification(ProgressNotification::new(note))
        }
        Note::Log(note) => ServerNotification::LoggingMessageNotification(LoggingMessageNotification::new(note)),
    };
    client.send_notification(note).await.ok();
}

/// Puts a question to a legacy client.
async fn put(client: &Peer<RoleServer>, ask: Ask, mut reply: oneshot::Sender<Result<ClientResult, ErrorData>>) {
    let method = ask.method();
    let sent = client.send_cancellable_request(ask.into_request(), PeerRequestOptions::no_options()).await;
    let answer = match sent {
        Ok(mut handle) => tokio::select! {
            answer = &mut handle.rx => answer.unwrap_or(Err(ServiceError::TransportClosed)),
            () = reply.closed() => {
                handle.cancel(Some("the server has given up asking".to_owned())).await.ok();
                return;
            }
        },
        Err(error) => Err(error),
    };
    reply.send(answer.map_err(|error| refusal(method, error))).ok();
}

fn refusal(method: &str, error: ServiceError) -> ErrorData {
    match error {
        ServiceError::McpError(error) => error,
        _ => ErrorData::invalid_request(format!("{method}: the client is gone"), None),
    }
}

/// Puts the questions of a modern server to a legacy client, all at once.
///
/// # Errors
/// Where one of them cannot be put to it, or is refused.
pub(super) async fn put_all(
    context: &RequestContext<RoleServer>,
    patience: &Patience,
    abilities: &ClientCapabilities,
    asks: InputRequests,
) -> Result<InputResponses, Failure> {
    let all = asks.into_iter().map(|(key, input)| async move {
        let ask = Ask::of(input).filter(|ask| ask.suits(abilities));
        let ask = ask.ok_or_else(|| Failure::Unfit("asks for something that this client has not declared".into()))?;
        let (reply, answer) = oneshot::channel();
        put(&context.peer, ask, reply).await;
        let answer = answer.await.map_err(|_| Failure::Gone)??;
        let answer = serde_json::to_value(answer).map_err(|_| Failure::Nonsense)?;
        Ok::<_, Failure>((key, answer))
    });
    tokio::select! {
        answers = futures_util::future::try_join_all(all) => Ok(answers?.into_iter().collect()),
        () = patience.ends() => Err(Failure::Gone),
    }
}
